import fc from 'fast-check';
import { stringify } from 'yaml';
import type { JsonObject, KubeadmDocuments } from '../../domain/cluster';
import { readRunning } from '../../domain/commands/running-settings';
import { fixedProblems, namedFixed } from '../../domain/kubeadm/fixed';
import { planCluster } from '../../domain/plan';
import { aCluster, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

/** What kubeadm keeps of a cluster that Keelson has made from defaults. */
const kept: KubeadmDocuments = {
  cluster: {
    apiServer: { certSANs: ['127.0.0.1'] }, caCertificateValidityPeriod: '876000h0m0s', certificatesDir: '/etc/kubernetes/pki', clusterName: 'kubernetes', controlPlaneEndpoint: 'apiserver.cluster.local:6443',
    encryptionAlgorithm: 'RSA-2048', etcd: { local: { dataDir: '/var/lib/etcd' } }, networking: { dnsDomain: 'cluster.local', podSubnet: '100.64.0.0/10', serviceSubnet: '10.96.0.0/22' },
  },
  kubelet: { clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local', staticPodPath: '/etc/kubernetes/manifests' },
  kubeProxy: { mode: 'ipvs', clusterCIDR: '100.64.0.0/10' },
};
const running = namedFixed(kept);
const told = (kubeadm: KubeadmDocuments, more: Partial<Parameters<typeof fixedProblems>[0]> & { endpoint?: string } = {}) =>
  fixedProblems({ spec: { kubeadm, ...(more.endpoint ? { controlPlaneEndpoint: more.endpoint } : {}) }, running, ...more }).map(({ severity, where }) => `${severity} ${where!}`);
const networking = (some: JsonObject): KubeadmDocuments => ({ cluster: { networking: some } });

test('what a cluster keeps is refused when it is named otherwise: the field, both values, why and what to do', () => {
  expect(fixedProblems({ spec: { kubeadm: networking({ podSubnet: '10.50.0.0/16' }) }, running })).toEqual([{
    severity: 'error', type: 'UnsafePlan', where: 'ClusterConfiguration.networking.podSubnet',
    message: 'ClusterConfiguration.networking.podSubnet is 100.64.0.0/10 in the cluster that runs and cannot become 10.50.0.0/16: Nodes, pods and Services have addresses from it',
    todo: 'write podSubnet: 100.64.0.0/10, or make a new cluster',
  }]);
});

test.each<[string, KubeadmDocuments, string]>([
  ['the range of Services', networking({ serviceSubnet: '10.97.0.0/16' }), 'ClusterConfiguration.networking.serviceSubnet'],
  ['the domain', networking({ dnsDomain: 'example.local' }), 'ClusterConfiguration.networking.dnsDomain'],
  ['the name', { cluster: { clusterName: 'blue' } }, 'ClusterConfiguration.clusterName'],
  ['the folder of certificates', { cluster: { certificatesDir: '/pki' } }, 'ClusterConfiguration.certificatesDir'],
  ['how long the CAs last', { cluster: { caCertificateValidityPeriod: '48h' } }, 'ClusterConfiguration.caCertificateValidityPeriod'],
  ['the kind of keys', { cluster: { encryptionAlgorithm: 'ECDSA-P256' } }, 'ClusterConfiguration.encryptionAlgorithm'],
  ["etcd's folder", { cluster: { etcd: { local: { dataDir: '/data/etcd' } } } }, 'ClusterConfiguration.etcd.local.dataDir'],
  ["names in etcd's certificates", { cluster: { etcd: { local: { serverCertSANs: ['etcd.example.com'] } } } }, 'ClusterConfiguration.etcd.local.serverCertSANs'],
  ['an etcd outside', { cluster: { etcd: { external: { endpoints: ['https://10.0.0.9:2379'] } } } }, 'ClusterConfiguration.etcd.external.endpoints'],
  ["the kubelet's domain", { kubelet: { clusterDomain: 'example.local' } }, 'KubeletConfiguration.clusterDomain'],
  ['the folder of static pods', { kubelet: { staticPodPath: '/etc/pods' } }, 'KubeletConfiguration.staticPodPath'],
  ["kube-proxy's mode", { kubeProxy: { mode: 'iptables' } }, 'KubeProxyConfiguration.mode'],
  ["kube-proxy's mode, taken away", { kubeProxy: { mode: null } }, 'KubeProxyConfiguration.mode'],
])('%s', (_what, kubeadm, where) => {
  expect(told(kubeadm)).toEqual([`error ${where}`]);
});

test('the endpoint counts wherever it is named, with its port', () => {
  expect(told({}, { endpoint: 'api.example.com:6443' })).toEqual(['error ClusterConfiguration.controlPlaneEndpoint']);
  expect(told({}, { endpoint: 'apiserver.cluster.local:8443' })).toEqual(['error ClusterConfiguration.controlPlaneEndpoint']);
  expect(told({ cluster: { controlPlaneEndpoint: 'apiserver.cluster.local' } })).toEqual([]);
});

test('what can be changed is not among them, nor is what is written as it runs', () => {
  expect(told({ cluster: { apiServer: { extraArgs: [{ name: 'event-ttl', value: '2h' }] }, certificateValidityPeriod: '48h' }, kubelet: { clusterDNS: ['169.254.20.10'], maxPods: 50 }, kubeProxy: { conntrack: { maxPerCore: 0 } } })).toEqual([]);
  expect(told(kept)).toEqual([]);
  expect(told(networking({ podSubnet: ' 100.64.0.0/10 ' }))).toEqual([]);
});

test('a line that is left out changes nothing: a warning says so where the default is another one, also the image\'s', () => {
  const other = { ...running, 'ClusterConfiguration.networking.podSubnet': '10.50.0.0/16' };
  expect(told({}, { running: other })).toEqual(['warning ClusterConfiguration.networking.podSubnet']);
  expect(told({}, { running: other, image: namedFixed(networking({ podSubnet: '10.50.0.0/16' })) })).toEqual([]);
  expect(told({}, { running: { ...running, 'KubeProxyConfiguration.mode': '' } })).toEqual(['warning KubeProxyConfiguration.mode']);
});

test('a cluster that does not say what it runs is not compared, nor are fields of a newer kubeadm', () => {
  expect(fixedProblems({ spec: { kubeadm: networking({ podSubnet: '10.50.0.0/16' }) }, running: undefined })).toEqual([]);
  expect(told({ cluster: { caCertificateValidityPeriod: '48h', encryptionAlgorithm: 'ECDSA-P256' } }, { running: namedFixed({ cluster: networking({ ...(kept.cluster?.['networking'] as JsonObject) }).cluster! }) })).toEqual([]);
});

test('whatever a cluster was made with can be said again, and nothing else', () => {
  const ranges = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 255 })).map(([a, b]) => `10.${a}.${b}.0/24`);
  const some = fc.record({ podSubnet: ranges, serviceSubnet: ranges, dnsDomain: fc.constantFrom('cluster.local', 'a.b') }, { requiredKeys: [] });
  fc.assert(fc.property(some, some, (made, wanted) => {
    const runs = { ...running, ...namedFixed(networking(made)) };
    expect(told(networking(made), { running: runs })).toEqual([]);
    const changed = Object.entries(wanted).filter(([key, value]) => runs[`ClusterConfiguration.networking.${key}`] !== value).map(([key]) => `error ClusterConfiguration.networking.${key}`);
    expect(told(networking(wanted), { running: runs }).filter((line) => line.startsWith('error')).sort()).toEqual(changed.sort());
  }));
});

test('the ConfigMaps of kubeadm say what runs, and the DaemonSet of which version the addons are; without its own nothing is known', () => {
  const map = (name: string, key: string, value: unknown) => ({ kind: 'ConfigMap', metadata: { name }, data: { [key]: stringify(value) } });
  const proxy = (image: string) => ({ kind: 'DaemonSet', metadata: { name: 'kube-proxy' }, spec: { template: { spec: { containers: [{ image }] } } } });
  const read = (...items: object[]) => readRunning.parse?.({ code: 0, stderr: '', stdout: items.length === 0 ? '' : JSON.stringify({ kind: 'List', items }) });
  expect(read(map('kubeadm-config', 'ClusterConfiguration', kept.cluster), map('kubelet-config', 'kubelet', kept.kubelet), map('kube-proxy', 'config.conf', kept.kubeProxy), proxy('r:5000/kube-proxy:v1.34.2')))
    .toEqual({ fixed: running, addons: 'v1.34.2' });
  expect(read()).toEqual({});
  expect(read(map('kube-proxy', 'config.conf', kept.kubeProxy), proxy('r:5000/kube-proxy'))).toEqual({});
  expect(read(proxy('r/kube-proxy:v1.34.2@sha256:0'))).toEqual({ addons: 'v1.34.2' });
  expect(read(map('kubeadm-config', 'ClusterConfiguration', kept.cluster), { metadata: { name: 'kube-proxy' }, data: { 'config.conf': '{{' } })).not.toHaveProperty(['fixed', 'KubeProxyConfiguration.mode']);
});

describe('in a plan', () => {
  const spec = aCluster(1, 1, { kubeadm: networking({ podSubnet: '10.50.0.0/16' }) });
  const done = allMarks(spec);
  const plan = (known: object) => planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [] })), ...known });

  test('it is refused whole, by what the cluster says now or else said last', () => {
    for (const known of [{ cluster: clusterFacts(spec.hosts, done, { fixed: running }) }, { silent: true, last: { conditions: [], hostKeys: {}, images: [], created: true, fixed: running } }]) {
      const { jobs, problems } = plan(known);
      expect(jobs).toEqual([]);
      expect(problems).toMatchObject([{ severity: 'error', type: 'UnsafePlan', where: 'ClusterConfiguration.networking.podSubnet' }]);
    }
  });

  test('a cluster that is not made yet takes it', () => {
    const bare = planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id)) });
    expect(bare.problems).toEqual([]);
  });
});
