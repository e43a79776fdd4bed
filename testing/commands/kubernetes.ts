import { diagnosis } from '../../domain/commands/init';
import { apiThroughBalancer, balancerListens, closeBridge, openBridge } from '../../domain/commands/join';
import { createToken, deleteCertificates, deleteToken, deleteTokensOf, readCa, uploadCertificates } from '../../domain/commands/join-credentials';
import { apiReady, awaitReadyNodes, readAdminConf, readEtcd, readNode, readNodes, restartKubeProxy } from '../../domain/commands/kubernetes';
import { copyKubeconfig } from '../../domain/commands/copy-kubeconfig';
import { readRunning } from '../../domain/commands/running-settings';
import { adminConf } from '../../domain/host-paths';
import type { Host } from '../host';
import type { Kubernetes } from '../kubernetes';
import { exactly, like, oneOf, rendered } from '../pattern';
import { type Answer, fail, type Simulation } from '../simulation';

const refused = fail('The connection to the server apiserver.cluster.local:6443 was refused - did you specify the right host or port?');

/** The cluster as admin.conf on this host reaches it. */
export function viaApi(host: Host, act: (cluster: Kubernetes) => Answer | undefined): Answer | undefined {
  if (!host.files.text(adminConf)) return fail(`error: stat ${adminConf}: no such file or directory`);
  return host.kubernetes && host.apiReachable() ? act(host.kubernetes) : refused;
}

/** A Node as kubectl's jsonpath prints what readNodes asks for. */
const nodeLine = ({ metadata, spec, status }: ReturnType<Kubernetes['list']>['items'][number]): string => {
  const [ready] = status.conditions;
  return `${['node', metadata.name, status.addresses[0]?.address, status.nodeInfo.kubeletVersion, spec.unschedulable ? 'true' : '', JSON.stringify(metadata.labels), spec.taints ? JSON.stringify(spec.taints) : '', metadata.annotations?.['keelson.dev/node-settings'] ?? '', ready?.status, ready?.message].join('\t')}\n`;
};

const yesOrNo = (yes: boolean): Answer => ({ code: yes ? 0 : 1 });

/** The ConfigMaps of kubeadm: YAML takes JSON. */
const configMaps = (documents: ReadonlyMap<string, object>): object[] =>
  ([['kubeadm-config', 'ClusterConfiguration', 'ClusterConfiguration'], ['kubelet-config', 'kubelet', 'KubeletConfiguration'], ['kube-proxy', 'config.conf', 'KubeProxyConfiguration']] as const)
    .flatMap(([name, key, kind]) => (documents.has(kind) ? [{ metadata: { name }, data: { [key]: JSON.stringify(documents.get(kind)) } }] : []));

const kubeProxy = ({ addons }: Kubernetes): object =>
  ({ kind: 'DaemonSet', metadata: { name: 'kube-proxy' }, spec: { template: { spec: { containers: [{ image: `registry.k8s.io/kube-proxy:${addons}` }] } } } });

/** kubectl, kubeadm's small commands, etcdctl, and the way of a worker to the API. */
export const kubernetes: readonly Simulation[] = [
  { name: 'is the API ready', reads: exactly(apiReady.script), act: (host) => viaApi(host, () => ({ stdout: 'ok' })) },
  { name: 'kubectl get nodes', reads: exactly(readNodes.script), act: (host) => viaApi(host, (cluster) => ({ stdout: cluster.list().items.map(nodeLine).join('') })) },
  {
    name: 'kubectl get node', reads: like((name) => readNode(name!).script, 'sample-node'),
    act: (host, { args: [name = ''] }) => viaApi(host, (cluster) => ({ stdout: cluster.list(name).items.map(nodeLine).join('') })),
  },
  { name: 'read how the cluster runs', reads: exactly(readRunning.script), act: (host) => viaApi(host, (cluster) => ({ stdout: JSON.stringify({ items: [...configMaps(cluster.documents), kubeProxy(cluster)] }) })) },
  {
    name: 'wait for Ready nodes', reads: rendered((seconds: number) => awaitReadyNodes(seconds).script, (script): [number] => [Number(/--timeout=(\d+)s$/.exec(script)?.[1] ?? 0)], (seconds) => [`${seconds}`]),
    act: (host) => viaApi(host, (cluster) => yesOrNo([...cluster.nodes.values()].every((node) => cluster.isReady(node)))),
  },
  {
    name: 'etcdctl member list', reads: oneOf(exactly(readEtcd('').script), like((node) => readEtcd(node!).script, 'sample-node')),
    act: (host, { args: [node] }) => viaApi(host, (cluster) => {
      // The API knows pods of its Nodes only.
      if (node !== undefined && !(cluster.members.has(node) && cluster.nodes.has(node))) return fail(`Error from server (NotFound): pods "etcd-${node}" not found`);
      if (node === undefined && !host.isControlPlane()) return fail('no etcd runs on this host, or it has no etcdctl', 2);
      const members = [...cluster.members].map(([name, member], at) =>
        `${(1000 + at).toString(16)}, started, ${name}, https://${member.address}:2380, https://${member.address}:2379, false`);
      const health = [...cluster.members.values()].map((member) => ({ endpoint: `https://${member.address}:2379`, health: member.up && member.isActive('kubelet') && member.kubernetes === cluster }));
      return { stdout: `${members.join('\n')}\n==\n${JSON.stringify(health)}\n` };
    }),
  },
  { name: 'kubeadm token create', reads: like((of) => createToken(of!).script, 'sample-host'), act: (host, { args: [of = ''] }) => viaApi(host, (cluster) => ({ stdout: `${cluster.mint(of)}\n` })) },
  { name: 'delete the join token', reads: like((id) => deleteToken(id!).script, 'sample-id'), act: (host, { args: [id = ''] }) => viaApi(host, (cluster) => { cluster.tokens.delete(id); return undefined; }) },
  {
    name: 'delete the join tokens of the host', reads: like((of) => deleteTokensOf(of!).script, 'sample-host'),
    act: (host, { args: [of = ''] }) => viaApi(host, (cluster) => { cluster.forgetTokensOf(of); return undefined; }),
  },
  {
    name: 'upload the certificates', reads: like((config) => uploadCertificates(config!).script, 'sample-config'),
    act: (host) => viaApi(host, (cluster) => ({ stdout: `[upload-certs] Using certificate key:\n${cluster.uploadCertificates()}\n` })),
  },
  { name: 'delete the uploaded certificates', reads: exactly(deleteCertificates.script), act: (host) => viaApi(host, (cluster) => { cluster.certificateKey = undefined; return undefined; }) },
  { name: 'read the cluster CA', reads: exactly(readCa.script), act: ({ files }) => (files.has('/etc/kubernetes/pki/ca.crt') ? { stdout: Buffer.from(files.text('/etc/kubernetes/pki/ca.crt')!).toString('base64') } : fail('base64: /etc/kubernetes/pki/ca.crt: No such file or directory')) },
  { name: 'read the admin kubeconfig', reads: exactly(readAdminConf.script), act: ({ files }) => (files.has(adminConf) ? { stdout: files.text(adminConf)! } : fail(`cat: ${adminConf}: No such file or directory`)) },
  {
    name: 'install the kubeconfig', reads: like((from) => copyKubeconfig(from!).script, 'sample-path'),
    act: ({ files }, { args: [from = ''] }) => { const text = files.text(from); if (text === undefined) return fail(`install: cannot stat '${from}'`); files.write('/root/.kube/config', text, 0o600); return undefined; },
  },
  { name: 'restart kube-proxy', reads: like((node) => restartKubeProxy(node!).script, 'sample-node'), act: (host) => viaApi(host, () => undefined) },
  { name: 'look for the cause', reads: exactly(diagnosis), act: (host) => ({ stdout: `${host.isActive('kubelet') ? 'active' : 'inactive'} ${host.isActive('containerd') ? 'active' : 'inactive'}\n` }) },
  {
    name: 'open the bridge to the API', reads: like((address) => openBridge(address!).script, '192.0.2.99'),
    act: (host) => { if (!host.balancerUp()) host.start('keelson-api-bridge'); return undefined; },
  },
  { name: 'close the bridge to the API', reads: exactly(closeBridge.script), act: (host) => host.stop('keelson-api-bridge') },
  { name: 'does the API balancer listen', reads: exactly(balancerListens.script), act: (host) => yesOrNo(host.balancerUp()) },
  { name: 'ask the API through the balancer', reads: exactly(apiThroughBalancer.script), act: (host) => (host.balancerUp() && host.kubernetes?.isUp() ? { stdout: 'ok' } : refused) },
];
