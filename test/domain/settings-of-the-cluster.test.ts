import { parseAllDocuments, stringify } from 'yaml';
import type { JsonObject, KubeadmDocuments } from '../../domain/cluster';
import { readKubeProxies } from '../../domain/commands/kube-proxy-settings';
import { unreadyPods } from '../../domain/commands/control-plane-settings';
import { ofRunningCluster } from '../../domain/kubeadm/running-config';
import { marks } from '../../domain/marks';
import { planCluster } from '../../domain/plan';
import { aCluster, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const images = someImages();
const args = (name: string, value: string): KubeadmDocuments => ({ cluster: { apiServer: { extraArgs: [{ name, value }] } } });
const jobs = (kubeadm: KubeadmDocuments, done = allMarks(aCluster(2, 1))): string[] => {
  const spec = aCluster(2, 1, { kubeadm });
  const facts = spec.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [] }));
  return planCluster({ spec, images, problems: [], facts, cluster: clusterFacts(spec.hosts, done)! }).jobs.filter(({ stage }) => stage === 'Settings').map(({ id }) => id);
};
const [cp1, cp2] = ['10.0.0.1', '10.0.0.2'];

describe('the plan', () => {
  test('a change of the ClusterConfiguration is one of every control plane, of kube-proxy one of the leader', () => {
    expect(jobs({})).toEqual([]);
    expect(jobs(args('event-ttl', '2h'))).toEqual([`Settings/${cp1}/control-plane`, `Settings/${cp2}/control-plane`]);
    expect(jobs({ kubeProxy: { conntrack: { maxPerCore: 0 } } })).toEqual([`Settings/${cp1}/kube-proxy`]);
  });

  test('what cannot be changed, a version, and the order of names are no change', () => {
    expect(jobs({ cluster: { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion: 'v1.30.0', networking: { podSubnet: '100.64.0.0/10' }, etcd: { local: { dataDir: '/var/lib/etcd' } } }, kubeProxy: { mode: 'ipvs' } })).toEqual([]);
    const mark = (names: string[]): string => marks.settings('control-plane', { cluster: { apiServer: { certSANs: names } } });
    expect(mark(['a', 'b'])).toBe(mark(['b', 'a']));
    expect(mark(['a'])).not.toBe(mark(['a', 'b']));
  });

  test("kube-proxy's settings are known by any control plane, and not at all where they differ", () => {
    const done = allMarks(aCluster(2, 1));
    const own = (mark: string): boolean => mark.startsWith('settings-kube-proxy:');
    const withoutOn = (host: string): Record<string, string[]> => ({ ...done, [host]: done[host]!.filter((mark) => !own(mark)) });
    expect(jobs({}, withoutOn(cp1))).toEqual([]);
    expect(jobs({}, withoutOn(cp2))).toEqual([]);
    expect(jobs({}, { ...withoutOn(cp2), [cp2]: [...withoutOn(cp2)[cp2]!, 'settings-kube-proxy:former'] })).toEqual([`Settings/${cp1}/kube-proxy`]);
  });
});

describe('the documents for a cluster that runs', () => {
  const documents = (cluster: JsonObject): string => [
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'InitConfiguration', nodeRegistration: { name: 'Other', taints: [] } },
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', ...cluster },
  ].map((one) => stringify(one)).join('---\n');
  const running = stringify({
    kind: 'ClusterConfiguration', networking: { serviceSubnet: '10.112.0.0/16' }, clusterName: 'blue', apiServer: { certSANs: ['old.example.com', 'a'] }, etcd: { local: { dataDir: '/data', serverCertSANs: ['e'] } },
  });
  const made = (cluster: JsonObject) => {
    const { all, ...rest } = ofRunningCluster(documents(cluster), running, 'node-1');
    const [init, own] = parseAllDocuments(all).map((one) => one.toJS() as JsonObject);
    return { ...rest, init, own };
  };

  test('what it keeps for good is as it runs, also what it does without; all else is as it is said', () => {
    const { own, cluster } = made({ networking: { podSubnet: '100.64.0.0/10', serviceSubnet: '10.96.0.0/22', dnsDomain: 'cluster.local' }, etcd: { local: { extraArgs: [] } }, scheduler: { extraArgs: [{ name: 'v', value: '4' }] } });
    expect(own).toMatchObject({ networking: { serviceSubnet: '10.112.0.0/16', dnsDomain: 'cluster.local' }, clusterName: 'blue', etcd: { local: { dataDir: '/data', serverCertSANs: ['e'], extraArgs: [] } }, scheduler: { extraArgs: [{ name: 'v', value: '4' }] } });
    expect(own?.['networking']).not.toHaveProperty('podSubnet');
    expect(parseAllDocuments(cluster).map((one) => one.toJS() as JsonObject)).toEqual([own]);
  });

  test('names are only added, and the Node keeps its own', () => {
    const { init, names } = made({ apiServer: { certSANs: ['a', 'new.example.com'] } });
    expect(init).toMatchObject({ nodeRegistration: { name: 'node-1', taints: [] } });
    expect(names).toEqual(['a', 'new.example.com', 'old.example.com']);
  });
});

describe('how far the kube-proxies are', () => {
  const read = (...lines: string[]) => readKubeProxies.parse?.({ code: 0, stderr: '', stdout: lines.map((line) => `${line}\n`).join('') });
  const nodes = ['node a True', 'node b True', 'node c Unknown'];

  test('a node that is away is not waited for; an older pod, one that goes, and one that is not Ready are', () => {
    expect(read('wanted x', ...nodes, 'pod p-a a [x] True 0 ', 'pod p-b b [x] True 0 ', 'pod p-c c [] False 0 ')).toEqual({ behind: [], old: [], failing: [], away: ['c'] });
    expect(read('wanted x', ...nodes, 'pod p-a a [] True 0 ', 'pod p-b b [x] True 0 2026-11-30T09:00:00Z')).toEqual({ behind: ['a', 'b'], old: ['p-a'], failing: [], away: ['c'] });
    expect(read('wanted x', ...nodes, 'pod p-a a [x] True 0 ', 'pod p-b b [x] False 3 ')).toMatchObject({ behind: ['b'], failing: ['p-b'] });
  });

  test('pods that nobody has noted anything on are those that are wanted; no kube-proxy is none to wait for', () => {
    expect(read('wanted ', 'node a True', 'pod p-a a [] True 0 ')).toMatchObject({ behind: [] });
    expect(read('node a True')).toMatchObject({ behind: [] });
  });
});

test('static pods that are not Ready are named', () => {
  const read = (stdout: string) => unreadyPods('n').parse?.({ code: 0, stderr: '', stdout });
  expect(read('etcd True\nkube-apiserver False\nkube-scheduler \n')).toBe('kube-apiserver is not Ready, kube-scheduler is not Ready');
  expect(read('etcd True\n')).toBe('');
});
