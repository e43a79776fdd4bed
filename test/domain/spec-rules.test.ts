import fc from 'fast-check';
import { defaultPolicy, type ClusterSpec } from '../../domain/cluster';
import { formatProblems } from '../../domain/problem';
import { specProblems } from '../../domain/spec-rules';
import { aCluster, aHost } from '../fixtures';

const said = (more: Partial<ClusterSpec>, image = {}) => specProblems(aCluster(1, 2, more), image).map(({ severity, host, where, message }) => `${severity} ${host ?? where ?? ''}: ${message}`);
const networking = (value: Record<string, string>) => ({ kubeadm: { cluster: { networking: value } } });

test('a good spec has no problems', () => {
  expect(specProblems(aCluster(3, 2))).toEqual([]);
});

test.each<[string, Partial<ClusterSpec>, string]>([
  ['name', { name: 'Upper' }, 'error metadata.name: "Upper" is no name for a cluster'],
  ['long name', { name: 'a'.repeat(41) }, 'is no name for a cluster'],
  ['no image', { images: [] }, 'error spec.image: there is no image'],
  ['image with a space', { images: ['a b'] }, 'error spec.image[0]: "a b" is no image reference'],
  ['image twice', { images: ['a', 'a'] }, 'warning spec.image[1]: a is there twice'],
  ['no control plane', { hosts: [aHost('10.0.0.1')] }, 'error spec.hosts: there is no control plane'],
  ['two control planes', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'master')] }, 'warning spec.hosts: 2 control planes survive no more failures than 1'],
  ['a name for an address', { hosts: [aHost('web-1', 'master')] }, 'error web-1: "web-1" is no IP address'],
  ['half an address', { hosts: [aHost('10.1', 'master')] }, 'error 10.1: "10.1" is no IP address'],
  ['loopback', { hosts: [aHost('127.0.0.1', 'master')] }, 'error 127.0.0.1: 127.0.0.1 is no address that other hosts can reach'],
  ['IPv6', { hosts: [aHost('fd00::1', 'master')] }, 'warning fd00::1: clusters over IPv6 are not tested'],
  ['port', { hosts: [aHost('10.0.0.1', 'master', { port: 70_000 })] }, 'error 10.0.0.1: 70000 is no port'],
  ['credentials', { hosts: [aHost('10.0.0.1', 'master', { credential: 'x' })] }, 'error 10.0.0.1: there are no credentials "x"'],
  ['a drain that never asks', { policy: { ...defaultPolicy, drain: { timeoutMs: 2 * 3_600_000, force: true } } }, 'error Policy drain.timeout: it is longer than 45m'],
  ['no role', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'node', { roles: ['registry'] })] }, 'error 10.0.0.2: the host is neither master nor node'],
  ['label', { hosts: [aHost('10.0.0.1', 'master', { nodeLabels: { 'a b': 'c' } })] }, 'error 10.0.0.1: "a b=c" is no label'],
  ['label of Kubernetes', { hosts: [aHost('10.0.0.1', 'master', { nodeLabels: { 'node-role.kubernetes.io/x': '' } })] }, 'error 10.0.0.1: "node-role.kubernetes.io/x=" is a label of Kubernetes that no kubelet may give itself'],
  ['taint', { hosts: [aHost('10.0.0.1', 'master', { nodeTaints: ['a=b:Never'] })] }, 'error 10.0.0.1: "a=b:Never" is no taint'],
  ['both roles', { hosts: [aHost('10.0.0.1', 'master', { roles: ['master', 'node'] })] }, 'error 10.0.0.1: the host is master and node'],
  ['host twice', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.1')] }, 'error 10.0.0.1: 10.0.0.1 is there twice, once as master and once as node'],
  ['one IPv6 address in two spellings', { hosts: [aHost('fd00::1', 'master'), aHost('fd00:0::1')] }, 'fd00:0::1 is there twice'],
  ['node name twice', { hosts: [aHost('10.0.0.1', 'master', { nodeName: 'a' }), aHost('10.0.0.2', 'node', { nodeName: 'a' })] }, 'error 10.0.0.2: its node name a is also that of 10.0.0.1'],
  ['bad node name', { hosts: [aHost('10.0.0.1', 'master', { nodeName: 'A_b' })] }, '"A_b" is no name for a Node'],
  ['no range', networking({ podSubnet: '10.1.0.0' }), 'error ClusterConfiguration.networking.podSubnet: "10.1.0.0" is no range of addresses'],
  ['overlap of networks', networking({ podSubnet: '10.96.0.0/16' }), 'podSubnet 10.96.0.0/16 and serviceSubnet 10.96.0.0/22 overlap'],
  ['host in the pod network', networking({ podSubnet: '10.0.0.0/16' }), 'error 10.0.0.2: its address lies in the podSubnet 10.0.0.0/16'],
  ['host in the default pod network', { hosts: [aHost('100.64.0.5', 'master')] }, 'error 100.64.0.5: its address lies in the podSubnet 100.64.0.0/10'],
  ['wide services', networking({ serviceSubnet: '172.0.0.0/8' }), '172.0.0.0/8 is too wide for services'],
  ['an etcd outside', { kubeadm: { cluster: { etcd: { external: { endpoints: ['https://10.0.0.9:2379'] } } } } }, 'error ClusterConfiguration.etcd.external: an etcd outside of the cluster is not supported: etcd runs on the control planes'],
  ['endpoint', { controlPlaneEndpoint: 'api.example.com' }, 'error controlPlaneEndpoint: "api.example.com" is no host:port'],
  ['bind port', { kubeadm: { init: { localAPIEndpoint: { bindPort: 8443 } } } }, 'the API server listens at 6443, not at 8443'],
  ['env name', { env: [{ name: 'a-b', value: '1' }] }, 'error spec.env.a-b: "a-b" is no name of a variable'],
  ['env of the system', { env: [{ name: 'SEALOS_SYS_X', value: '1' }] }, 'warning spec.env: SEALOS_SYS_X is set by Keelson itself'],
  ['env of a host', { hosts: [aHost('10.0.0.1', 'master', { env: [{ name: '1a', value: '' }] })] }, 'error 10.0.0.1: "1a" is no name of a variable'],
  ['path with ..', { configs: [{ name: 'c', path: 'etc/../../x', strategy: 'override', data: '' }] }, 'error Config c: its path "etc/../../x" is no file below the root'],
  ['absolute path', { configs: [{ name: 'c', path: '/etc/x', strategy: 'override', data: '' }] }, 'is no file below the root'],
  ['match', { configs: [{ name: 'c', path: 'etc/x', match: 'other', strategy: 'override', data: '' }] }, 'warning Config c: it matches no image'],
  ['policy', { policy: { ...defaultPolicy, parallel: 0 } }, 'error Policy parallel: the number is too small'],
])('%s', (_name, more, expected) => {
  expect(said(more)).toContainEqual(expect.stringContaining(expected));
});

test.each(['api.example.com:6443', '10.0.0.100:6443', '[fd00::1]:443'])('%s is an endpoint', (controlPlaneEndpoint) => {
  expect(said({ controlPlaneEndpoint })).toEqual([]);
});

test.each(['a:0', 'a:99999', ':6443', '10.0.0:6443', 'fd00::1:6443', 'a b:1', 'http://a:1', '[]:1', '[a]:1'])('%s is no endpoint', (controlPlaneEndpoint) => {
  expect(said({ controlPlaneEndpoint })).toHaveLength(1);
});

test('the image adds its networks and its virtual IP; the user\'s networks win', () => {
  expect(said({}, { podSubnet: '10.0.0.0/24' })).toContainEqual('error 10.0.0.1: its address lies in the podSubnet 10.0.0.0/24');
  expect(said(networking({ podSubnet: '10.1.0.0/16' }), { podSubnet: '10.0.0.0/24' })).toEqual([]);
  expect(said({}, { vip: '10.96.0.5' })).toEqual(["error ClusterConfiguration.networking.serviceSubnet: the image's virtual IP 10.96.0.5 lies in the serviceSubnet 10.96.0.0/22"]);
  expect(said({}, { vip: '10.96.0.5', apiBalancer: 'haproxy' })).toEqual([]);
});

test("an image that wants etcd outside is refused, unless the spec has it on the control planes", () => {
  const image = { fixed: { 'ClusterConfiguration.etcd.external.endpoints': 'https://10.0.0.9:2379' } };
  expect(said({}, image)).toEqual([expect.stringContaining('error ClusterConfiguration.etcd.external: the Kubernetes image asks for it')]);
  expect(said({ kubeadm: { cluster: { etcd: { local: {} } } } }, image)).toEqual([]);
});

test('two families of networks are no overlap', () => {
  expect(said(networking({ podSubnet: '10.1.0.0/16,fd01::/48', serviceSubnet: '10.2.0.0/16, fd02::/112' }))).toEqual([]);
});

test('all problems come at once, grouped, each said once', () => {
  const spec = aCluster(0, 2, { name: 'X', hosts: [aHost('10.0.0.1', 'master', { port: 0 }), aHost('10.0.0.2', 'node', { port: 0 }), aHost('10.0.0.3', 'master')] });
  expect(formatProblems(specProblems(spec))).toBe(`2 errors:
  metadata.name: "X" is no name for a cluster
    -> Use at most 40 small letters, digits and dashes, a letter or digit first and last.
  10.0.0.1, 10.0.0.2: 0 is no port
1 warning:
  spec.hosts: 2 control planes survive no more failures than 1: etcd needs more than half of them
    -> Use 1 or 3 control planes.`);
  expect(formatProblems([])).toBe('');
});

test('never throws, whatever the words', () => {
  fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (address, cidr, endpoint) => {
    const spec = aCluster(1, 0, { hosts: [aHost(address, 'master')], controlPlaneEndpoint: endpoint, ...networking({ podSubnet: cidr, serviceSubnet: address }) });
    expect(Array.isArray(specProblems(spec, { vip: cidr }))).toBe(true);
  }));
});
