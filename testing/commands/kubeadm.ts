import { parseAllDocuments, stringify } from 'yaml';
import { balancerConfigPath, balancerManifestPath } from '../../domain/api-balancer';
import { initScript } from '../../domain/commands/init';
import { joinScript } from '../../domain/commands/join';
import { kubeletConfigPath } from '../../domain/drift/host-settings';
import { adminConf } from '../../domain/host-paths';
import type { Host } from '../host';
import { clusterSecrets, type Kubernetes, type SimulatedTaint } from '../kubernetes';
import { like, oneOf, type Reader } from '../pattern';
import { type Answer, type Call, fail, type Simulation } from '../simulation';
import { manifestsDir as manifests, manifestsOf } from '../static-pods';

const caFile = '/etc/kubernetes/pki/ca.crt';

/** What kubelets are configured by, as kubeadm writes it on a host. */
export const kubeletConfigOf = ({ documents: kept }: Kubernetes): string => stringify(kept.get('KubeletConfiguration') ?? {});

/** What kubeadm leaves on a host that is a node. Files that a restart of the machine keeps. */
function becomeNode(host: Host, cluster: Kubernetes, controlPlane: boolean, { name = host.name, taints, kubeletExtraArgs = [] }: Registration = {}): void {
  const { files } = host;
  files.write(caFile, Buffer.from(cluster.ca, 'base64'));
  if (controlPlane) {
    for (const [path, text] of manifestsOf(cluster)) files.write(path, text, 0o600);
    files.write('/var/lib/etcd/member/snap/db', host.name, 0o600);
    files.write(adminConf, `clusters:\n- cluster:\n    certificate-authority-data: ${cluster.ca}\nusers:\n- user:\n    client-key-data: ${clusterSecrets.adminKey}\n`, 0o600);
  }
  files.write('/etc/kubernetes/kubelet.conf', `certificate-authority-data: ${cluster.ca}\n`, 0o600);
  files.write(kubeletConfigPath, kubeletConfigOf(cluster));
  host.kubernetes = cluster;
  host.start('kubelet');
  host.nodeName = name;
  const labels = kubeletExtraArgs.filter((one) => one.name === 'node-labels').flatMap(({ value }) => value.split(',').map((pair) => pair.split('=', 2) as [string, string]));
  cluster.add({ name, host, controlPlane, version: files.text('/usr/bin/kubelet')?.trim() ?? '', unschedulable: false, labels: Object.fromEntries(labels), ...(taints ? { taints } : {}) });
}

/** What `kubeadm reset` takes away. The rest is for whoever resets the host. */
export function kubeadmReset(host: Host, leavesEtcd: boolean): void {
  // Without a quorum etcd lets nobody go; kubeadm says so and goes on.
  if (leavesEtcd && host.kubernetes?.hasQuorum()) host.kubernetes.members.delete(host.nodeName);
  for (const path of [manifests, '/etc/kubernetes', '/var/lib/etcd', '/var/lib/kubelet']) host.files.remove(path);
  host.stop('kubelet');
  host.kubernetes = undefined;
}

/** Whether kubeadm, or something of it, has left a node on the host. */
export const isNode = ({ files }: Host): boolean => files.has('/etc/kubernetes/kubelet.conf') || files.has('/etc/kubernetes/manifests/kube-apiserver.yaml') || files.has('/var/lib/etcd/member');

/** The script's own decisions, then kubeadm: see domain/commands/init.ts. */
function init(host: Host, { args: [configPath = ''], half, speaker }: Call): Answer | undefined {
  const { files } = host;
  if (files.has(adminConf) && host.isControlPlane() && host.apiReady()) return { stdout: 'an earlier try left a control plane: waiting for it\n' };
  if (isNode(host)) {
    host.did('kubeadm reset', [], speaker);
    kubeadmReset(host, false);
  }
  if (!host.isActive('containerd')) return fail('[ERROR CRI]: container runtime is not running');
  const given = documents(files.text(configPath));
  const version = given.find((one) => one['kind'] === 'ClusterConfiguration')?.['kubernetesVersion'];
  if (typeof version !== 'string') return fail(`error: ${configPath} is no configuration of kubeadm`, 3);
  host.did('kubeadm init', [version], speaker);
  if (half) {
    // It was ended in the middle: certificates and a manifest are there, and no control plane.
    files.write(caFile, 'half');
    files.write(`${manifests}/etcd.yaml`, 'half');
    return fail('the machine went away', 137);
  }
  const cluster = host.around.newCluster(version);
  keepDocuments(cluster, given);
  cluster.firstConfiguration = cluster.documents.get('ClusterConfiguration');
  becomeNode(host, cluster, true, (given.find((one) => one['kind'] === 'InitConfiguration') as Joining | undefined)?.nodeRegistration);
  return { stdout: 'Your Kubernetes control-plane has initialized successfully!\n' };
}

function join(host: Host, { args, half, speaker }: Call): Answer | undefined {
  const [config = '', discovery = ''] = args;
  const { files } = host;
  if (isNode(host)) {
    const kept = [balancerConfigPath, balancerManifestPath].flatMap((path) => (files.has(path) ? [[path, files.text(path)!] as const] : []));
    host.did('kubeadm reset', [], speaker);
    // It knows the cluster, and takes its member out of etcd: one that stayed would cost the quorum.
    kubeadmReset(host, true);
    for (const [path, text] of kept) files.write(path, text);
  }
  if (!host.isActive('containerd')) return fail('[ERROR CRI]: container runtime is not running');
  const ca = /certificate-authority-data: *(\S+)/.exec(discovery)?.[1] ?? '';
  const cluster = host.around.clusterOf(ca);
  const joining = documents(config).find((one) => one['kind'] === 'JoinConfiguration') as Joining | undefined;
  const token = joining?.discovery?.tlsBootstrapToken ?? '';
  if (!cluster || !host.apiReachableFor(cluster)) return fail('error execution phase preflight: couldn\'t reach the API server');
  if (cluster.tokens.get(token.split('.')[0] ?? '') !== token) return fail('error execution phase kubelet-start: Unauthorized');
  const controlPlane = joining?.controlPlane !== undefined;
  if (controlPlane && (cluster.certificateKey === undefined || joining?.controlPlane?.certificateKey !== cluster.certificateKey)) return fail('error downloading certs: the Secret does not include the required certificate');
  if (controlPlane && !cluster.hasQuorum()) return fail('error execution phase etcd-join: etcdserver: no leader');
  host.did('kubeadm join', [controlPlane ? 'control-plane' : 'worker'], speaker);
  if (half) {
    files.write('/etc/kubernetes/bootstrap-kubelet.conf', 'half');
    return fail('the machine went away', 137);
  }
  becomeNode(host, cluster, controlPlane, joining?.nodeRegistration);
  return { stdout: 'This node has joined the cluster\n' };
}

/** How a kubelet registers its Node. */
interface Registration {
  readonly name?: string;
  readonly taints?: readonly SimulatedTaint[];
  readonly kubeletExtraArgs?: readonly { readonly name: string; readonly value: string }[];
}

interface Joining {
  readonly nodeRegistration?: Registration;
  readonly discovery?: { readonly tlsBootstrapToken?: string };
  readonly controlPlane?: { readonly certificateKey?: string };
}

/** What kubeadm keeps in ConfigMaps. */
export function keepDocuments(cluster: Kubernetes, given: readonly Record<string, unknown>[]): void {
  for (const one of given) if (['ClusterConfiguration', 'KubeletConfiguration', 'KubeProxyConfiguration'].includes(String(one['kind']))) cluster.documents.set(String(one['kind']), one);
}

/** The documents of a YAML text; empty ones left out. */
export function documents(text = ''): Record<string, unknown>[] {
  return parseAllDocuments(text).flatMap((document) => ('toJS' in document ? [document.toJS() as Record<string, unknown> | null] : [])).filter((one) => one !== null);
}

const joinReader = (preserve: readonly string[]): Reader => like(
  (config, discovery, criSocket, rootfs) => joinScript({ config: config!, discovery: discovery!, criSocket: criSocket!, rootfs: rootfs!, preserve }),
  'sample-config', 'sample-discovery', 'sample-socket', 'sample-rootfs',
);

/** The long commands of kubeadm: they run as detached jobs. */
export const kubeadm: readonly Simulation[] = [
  {
    name: 'kubeadm init', act: init,
    reads: like((configPath, criSocket, rootfs) => initScript({ configPath: configPath!, criSocket: criSocket!, rootfs: rootfs! }), 'sample-config', 'sample-socket', 'sample-rootfs'),
  },
  { name: 'kubeadm join', act: join, reads: oneOf(joinReader([]), joinReader([balancerConfigPath, balancerManifestPath])) },
];
