import { readSeen } from '../../activities/job';
import type { Command } from '../../domain/command';
import * as bootstrap from '../../domain/commands/bootstrap';
import * as certificates from '../../domain/commands/certificates';
import { unreadyPods } from '../../domain/commands/control-plane-settings';
import { prepareCopy } from '../../domain/commands/copy';
import { controllerLease, drain, readCordon } from '../../domain/commands/drain';
import * as restore from '../../domain/commands/etcd-restore';
import * as snapshots from '../../domain/commands/etcd-snapshots';
import { inspectHost } from '../../domain/commands/inspect';
import { apiThroughBalancer, balancerListens } from '../../domain/commands/join';
import { lastWords, readKubeProxies } from '../../domain/commands/kube-proxy-settings';
import { configuredKubelet } from '../../domain/commands/kubelet-settings';
import * as nodeObject from '../../domain/commands/node-object';
import * as credentials from '../../domain/commands/join-credentials';
import * as kubernetes from '../../domain/commands/kubernetes';
import { registryAnswers, registryMissing } from '../../domain/commands/registry';
import { forgetHost } from '../../domain/commands/reset/files';
import { cleanFirewall } from '../../domain/commands/reset/firewall';
import { lookForLeftovers } from '../../domain/commands/reset/look';
import { readRoutes } from '../../domain/commands/reset/network';
import { readClaim } from '../../domain/commands/reset/owner';
import { readPodNetworks } from '../../domain/commands/reset/pod-networks';
import { readRunning } from '../../domain/commands/running-settings';
import { readSettings } from '../../domain/commands/settings';
import { claimHost, readMarks } from '../../domain/commands/state';
import { readRegistryPassword, readStateCopy } from '../../domain/commands/state-copy';
import * as upgrade from '../../domain/commands/upgrade';
import { count, either, flag, type Form, listOf, mapOf, matching, nothing, objectOf, oneOf, text, word } from '../../domain/form';

/** A command, what a host really answers to it, and what becomes of an answer, whatever it is. */
export interface Answer {
  readonly command: Command<unknown>;
  readonly sample: string;
  readonly form: Form<unknown>;
}

const of = <T>(command: Command<T>, sample: string, form: Form<T>): Answer => ({ command, sample, form });
const registry = { domain: 'sealos.hub', port: '5000', username: 'admin', password: 'passw0rd' };
const lines = listOf(word);
const sha256 = 'a'.repeat(64);
const snapshot = objectOf({ name: oneOf('a.db'), sha256: matching(/^[0-9a-f]{64}$/), bytes: count, hash: matching(/^[0-9a-f]+$/), revision: count, keys: count });
const described = `status={"hash":3421232347,"revision":1824,"totalKey":903,"totalSize":3448832,"version":"3.6.0"}\nsha256=${sha256}\nbytes=3448832\n`;
const absent: Form<undefined> = (value): value is undefined => value === undefined;
const base64 = (value: string): string => Buffer.from(value).toString('base64');
const nodes = `${['node', 'h1', '10.0.0.1 fd00::1', 'v1.34.2', 'true', '{"node-role.kubernetes.io/control-plane":""}', '[{"key":"a","effect":"NoSchedule"}]', '{"labels":["gpu"],"taints":[]}', 'True', 'kubelet is posting ready status'].join('\t')}
${['node', 'h2', '', '', '', '{}', '', '', '', ''].join('\t')}
`;
const node = objectOf({ name: word, address: text, version: text, ready: flag, reason: text, controlPlane: flag, unschedulable: flag, labels: mapOf(text), taints: listOf(objectOf({ key: text, effect: text }, { value: text })) }, { record: text });
const maps = JSON.stringify({ kind: 'List', items: [
  { metadata: { name: 'kubeadm-config' }, data: { ClusterConfiguration: 'kind: ClusterConfiguration\nclusterName: kubernetes\nnetworking:\n  podSubnet: 100.64.0.0/10\netcd: {local: {dataDir: /var/lib/etcd}}\n' } },
  { metadata: { name: 'kubelet-config' }, data: { kubelet: 'clusterDomain: cluster.local\n' } }, { metadata: { name: 'kube-proxy' }, data: { 'config.conf': 'mode: ipvs\n' } },
  { kind: 'DaemonSet', metadata: { name: 'kube-proxy' }, spec: { template: { spec: { containers: [{ image: 'registry.k8s.io/kube-proxy:v1.34.2' }] } } } },
] });
const shownCertificate = 'sha256 Fingerprint=AA:BB:CC\nX509v3 Subject Alternative Name:\n    DNS:kubernetes, DNS:apiserver.cluster.local, IP Address:10.96.0.1\n';
const certificate = objectOf({ fingerprint: word, names: lines });
const inspection: Form<ReturnType<NonNullable<ReturnType<typeof inspectHost>['parse']>>> = (value): value is never => {
  const { files, services } = value as { files: unknown; services: unknown };
  return files instanceof Map && [...files].flat().every(text) && mapOf(objectOf({ enabled: text, active: text }))(services) && Object.getPrototypeOf(services) === Object.prototype;
};
const job: Form<ReturnType<typeof readSeen>> = (value): value is never => objectOf(
  { state: oneOf('absent', 'running', 'done', 'failed', 'over', 'vanished'), failures: Number.isSafeInteger as Form<number>, generation: Number.isSafeInteger as Form<number>, ageMs: count }, { code: count },
)(value);

/** By the name under which `parse` stands in the code; one that is missing here fails the test. */
export const answers: Readonly<Record<string, Answer>> = {
  readRuntime: of(bootstrap.readRuntime(''), 'unix:///run/containerd/containerd.sock\nsystemd\nnode-1\n', objectOf({ criSocket: matching(/^unix:\/\/\/\S+$/), cgroupDriver: oneOf('systemd', 'cgroupfs'), hostname: matching(/^\S+$/) })),
  listImages: of(bootstrap.listImages('v1.34.2'), 'registry.k8s.io/kube-apiserver:v1.34.2\nregistry.k8s.io/pause:3.10\n', lines),
  readApiCertificate: of(certificates.readApiCertificate, `file\n${shownCertificate}served\n${shownCertificate}`, objectOf({}, { file: certificate, served: certificate })),
  unreadyPods: of(unreadyPods('h1'), 'kube-apiserver True\nkube-scheduler False\netcd \n', text),
  prepareCopy: of(prepareCopy('/opt/', { kind: 'file', name: 'a', mode: 0o644 }), '/opt/\0a', objectOf({ base: word, name: word })),
  controllerLease: of(controllerLease, 'h1_0b1f 2026-11-30T01:36:13.000000Z 2026-11-30T02:36:13.000000Z', either(absent, objectOf({ term: word, renewed: text }))),
  drain: of(drain('h1', { timeoutMs: 1, force: true }), 'node/h1 cordoned\n@left\ndefault/web-1 ReplicaSet Running\nkube-system/proxy DaemonSet Running\n@budgets\ndefault/web\n', objectOf({ empty: flag, left: listOf(text), budgets: lines, told: text })),
  readCordon: of(readCordon('h1'), 'true/yes', objectOf({ cordoned: flag, ours: flag })),
  saveSnapshot: of(snapshots.saveSnapshot('a.db'), described, snapshot),
  lookAtSnapshot: of(snapshots.lookAtSnapshot('a.db'), described, either(absent, snapshot)),
  hashSnapshot: of(snapshots.hashSnapshot('a.db'), `${sha256}\n`, matching(/^([0-9a-f]{64})?$/)),
  readMember: of(restore.readMember, 'h1\nhttps://10.0.0.1:2380\n', objectOf({ name: matching(/^\S+$/), peer: matching(/^https?:\/\/\S+$/) })),
  etcdHealthy: of(restore.etcdHealthy, '', flag),
  listMembers: of(restore.listMembers, '{"header":{"cluster_id":1},"members":[{"ID":10276657743932975437,"name":"h1","peerURLs":["https://10.0.0.1:2380"]},{"ID":2}]}\n', listOf(text)),
  ownApiReady: of(restore.ownApiReady, 'ok', flag),
  inspectHost: of(inspectHost(['/etc/a'], ['kubelet']), `file ${base64('/etc/a')} ${base64('x: 1\n')}\nunit kubelet enabled active\n`, inspection),
  balancerListens: of(balancerListens, '', flag),
  apiThroughBalancer: of(apiThroughBalancer, 'ok', flag),
  readKubeProxies: of(readKubeProxies, 'wanted 0123abcd\nnode h1 True\nnode h2 False\npod kube-proxy-a h1 [0123abcd] True 0 \npod kube-proxy-b h1 [old] False 3 2026-11-30T01:36:13Z\n', objectOf({ behind: listOf(text), old: listOf(text), failing: listOf(text), away: listOf(text) })),
  lastWords: of(lastWords('kube-proxy-a'), 'I1130 started\nE1130 02:36 it failed: no such thing\n', text),
  configuredKubelet: of(configuredKubelet, 'settings-kubelet:0123.abcd abcd\n', text),
  apiReady: of(kubernetes.apiReady, 'ok', flag),
  createToken: of(credentials.createToken('h1'), 'W1130 a warning\nabcdef.0123456789abcdef\n', matching(/^[a-z0-9]{6}\.[a-z0-9]{16}$/)),
  uploadCertificates: of(credentials.uploadCertificates('/etc/k'), `[upload-certs] Using certificate key:\n${sha256}\n`, matching(/^[0-9a-f]{64}$/)),
  readCa: of(credentials.readCa, base64('-----BEGIN CERTIFICATE-----\n'), matching(/^[A-Za-z0-9+/=]+$/)),
  readNodes: of<readonly kubernetes.SeenNode[]>(kubernetes.readNodes, nodes, listOf(node)),
  readNode: of<kubernetes.SeenNode | undefined>(kubernetes.readNode('h1'), nodes, either(absent, node)),
  readEtcd: of(kubernetes.readEtcd('h1'), '8e9e05c52164694d, started, h1, https://10.0.0.1:2380, https://10.0.0.1:2379, false\n==\n[{"endpoint":"https://10.0.0.1:2379","health":true,"took":"9ms"}]\n', objectOf({ healthy: flag, members: listOf(objectOf({ id: text, name: text, address: text, healthy: flag })) })),
  readKnownNode: of(nodeObject.readKnownNode, 'name h1\narch amd64\ncpus 2\nmemory 4194304\npods 57\nsocket unix:///run/containerd/containerd.sock\nrange 100.64.1.1/24\nrange 100.64.1.0/24\n', objectOf({ name: matching(/^[-a-z0-9.]+$/), socket: text, arch: oneOf('', 'amd64', 'arm64'), cpus: count, memoryKiB: count, maxPods: count, ranges: lines })),
  askAsKubelet: of(nodeObject.askAsKubelet('h1', '10.0.0.1'), 'Error from server (NotFound): nodes "h1" not found\n', either(objectOf({ is: oneOf('known') }), objectOf({ is: oneOf('refused', 'silent'), words: text }))),
  readPodRanges: of(nodeObject.readPodRanges, '100.64.0.0/24\n100.64.0.0/24\nfd00::/64\n', lines),
  registryAnswers: of(registryAnswers(registry), '200\n', flag),
  registryMissing: of(registryMissing(registry, ['a:1']), 'a:1 404\n', lines),
  forgetHost: of(forgetHost, '/var/lib/keelson\n', lines),
  cleanFirewall: of(cleanFirewall('/r', '10.103.97.2'), 'rule -A FORWARD -j KUBE-FORWARD\n', lines),
  lookForLeftovers: of(lookForLeftovers({ cluster: 'c', uid: 'u', controlPlane: true, registryData: '/r' }), 'path /etc/cni\nmount /x\nprocess 1 kubelet\n', lines),
  readRoutes: of(readRoutes, 'default via 10.0.0.254 dev eth0\n100.64.1.0/24 via 10.0.0.2 dev flannel.1 onlink\n', lines),
  readClaim: of(readClaim, '{"cluster":"c","uid":"u"}\n', text),
  readPodNetworks: of(readPodNetworks('c'), '--cluster-cidr=100.64.0.0/10,fd00::/48\nFLANNEL_NETWORK=100.64.0.0/10\npodSubnet: "100.64.0.0/10"\n', lines),
  readRunning: of(readRunning, maps, objectOf({}, { fixed: mapOf(either(text, nothing)), addons: word })),
  readSettings: of(readSettings('kubelet'), 'begun=yes\nfailed=it did not start\ntries=2\nmark=settings-kubelet:0123\n', objectOf({ marks: listOf(text), begun: flag, failed: text, tries: count })),
  claimHost: of(claimHost('c', 'u'), '{"cluster":"c","uid":"u"}\n', objectOf({ cluster: text, uid: word })),
  readMarks: of(readMarks, 'bootstrap:v1\nmount:0123\n', lines),
  readStateCopy: of(readStateCopy, `${base64('{"cluster":"c","uid":"u"}')}\n${base64('{"v":1}')}\n`, objectOf({ claim: text, copy: text })),
  readRegistryPassword: of(readRegistryPassword('c'), '"passw0rd"\n', text),
  readUpgrade: of(upgrade.readUpgrade, 'kubelet=v1.34.2\nactive=active\nrestarts=0\nmanifest=kube-apiserver v1.34.2\nchanged=etcd\ncordoned=yes\ncontrolPlane=v1.34.2\nfailed=it ended\ntries=1\ndone=mount:0123\n', objectOf({
    kubelet: text, kubeletActive: flag, restarts: count, manifests: mapOf(word), changed: listOf(text), cordoned: flag, drained: flag, controlPlane: text, failed: text, tries: count, done: listOf(text),
  })),
  kubeletCause: of(upgrade.kubeletCause, 'Started kubelet\nE1130 unknown flag: --x\nResult=exit-code\n', text),
  newImages: of(upgrade.newImages('c', 'v1.34.2'), 'registry.k8s.io/pause:3.10\n', lines),
  configuredVersion: of(upgrade.configuredVersion, 'v1.34.2\n', text),
  proxiesBehind: of(upgrade.proxiesBehind, '3 3 5 4 4', text),
  laggingPods: of(upgrade.laggingPods('h1', 'v1.34.2'), 'kube-apiserver-h1 registry.k8s.io/kube-apiserver:v1.34.2 True\nkube-scheduler-h1 r/kube-scheduler:v1.33.1 False\n', lines),
  readSeen: of({ title: 'look at a job', script: '', parse: readSeen }, 'failed 2 1 17 1\n', job),
};
