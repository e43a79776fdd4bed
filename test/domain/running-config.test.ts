import { parseAllDocuments } from 'yaml';
import { readApiCertificate, readCertificate } from '../../domain/commands/certificates';
import { configurationOf, hostConfiguration, missingNames, withCertSans } from '../../domain/kubeadm/running-config';

const running = `apiServer:
  certSANs:
  - 127.0.0.1
  - apiserver.cluster.local
apiVersion: kubeadm.k8s.io/v1beta4
certificateValidityPeriod: 876000h0m0s
kind: ClusterConfiguration
kubernetesVersion: v1.34.2
`;
const documents = (text: string) => parseAllDocuments(text).map((one) => one.toJS() as Record<string, unknown>);

test('names are added once, whatever they look like, and the rest of the configuration stays', () => {
  const more = withCertSans(running, ['api.example.com', 'APISERVER.cluster.local', '10.0.0.9']) ?? '';
  expect(documents(more)).toEqual([{
    apiServer: { certSANs: ['127.0.0.1', 'apiserver.cluster.local', 'api.example.com', '10.0.0.9'] },
    apiVersion: 'kubeadm.k8s.io/v1beta4', certificateValidityPeriod: '876000h0m0s', kind: 'ClusterConfiguration', kubernetesVersion: 'v1.34.2',
  }]);
  expect(withCertSans(more, ['10.0.0.9', 'api.example.com'])).toBeUndefined();
  expect(withCertSans(running.replace(/apiServer[^]*local\n/, ''), ['a.b'])).toContain('a.b');
});

test('a ConfigMap with something else in it is an error and no guess', () => {
  expect(() => withCertSans('kind: ConfigMap', ['a'])).toThrow('ClusterConfiguration');
  expect(() => hostConfiguration('', { address: '10.0.0.1' })).toThrow('ClusterConfiguration');
});

test('each host makes its certificates for its own address and name', () => {
  const [init, cluster] = documents(hostConfiguration(running, { address: '10.0.0.2', nodeName: 'cp2' }));
  expect(init).toEqual({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'InitConfiguration', localAPIEndpoint: { advertiseAddress: '10.0.0.2', bindPort: 6443 }, nodeRegistration: { name: 'cp2' } });
  expect(cluster).toEqual(documents(running)[0]);
});

test('without an API the spec says how long certificates are valid', () => {
  expect(documents(configurationOf('v1.34.2', { cluster: { certificateValidityPeriod: '48h' } }))[0])
    .toMatchObject({ kubernetesVersion: 'v1.34.2', certificateValidityPeriod: '48h', controlPlaneEndpoint: 'apiserver.cluster.local:6443' });
  expect(documents(configurationOf('v1.29.9', { controlPlaneEndpoint: 'api:6443' }))[0]).toEqual({ apiVersion: 'kubeadm.k8s.io/v1beta3', kind: 'ClusterConfiguration', kubernetesVersion: 'v1.29.9', controlPlaneEndpoint: 'api:6443' });
});

test('what openssl prints of a certificate', () => {
  const shown = (tail: string) => `sha256 Fingerprint=AA:BB:01\nX509v3 Subject Alternative Name: \n    DNS:apiserver.cluster.local, DNS:kubernetes, IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:1${tail}\n`;
  const seen = readCertificate(shown(''));
  expect(seen).toEqual({ fingerprint: 'AA:BB:01', names: ['apiserver.cluster.local', 'kubernetes', '10.96.0.1', 'FD00:0:0:0:0:0:0:1'] });
  expect(missingNames(['fd00::1', 'kubernetes', '10.96.0.1', 'x.y'], seen?.names ?? [])).toEqual(['x.y']);
  expect(readCertificate('')).toBeUndefined();
  const read = (stdout: string) => readApiCertificate.parse?.({ code: 0, stdout, stderr: '' });
  expect(read(`file\n${shown('')}served\n${shown(', DNS:new')}`)).toMatchObject({ file: { fingerprint: 'AA:BB:01' }, served: { names: expect.arrayContaining(['new']) as unknown } });
  expect(read(`file\n${shown('')}served\n`)).toEqual({ file: seen });
});
