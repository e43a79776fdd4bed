import { askAsKubelet, createNode, readKnownNode, readPodRanges, restartKubelet, stopKubeletAlone } from '../../domain/commands/node-object';
import { kubeletConfigPath } from '../../domain/drift/host-settings';
import type { Host } from '../host';
import type { SimulatedTaint } from '../kubernetes';
import { exactly, like } from '../pattern';
import { type Answer, lines, type Simulation } from '../simulation';
import { viaApi } from './kubernetes';
import { role } from './node-settings';
import { startKubelet } from './start-kubelet';

interface Manifest {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly taints?: readonly SimulatedTaint[] };
  readonly status: { readonly allocatable?: object };
}

/** A Node that a person or Keelson makes: nobody has reported for it yet. */
function create(by: Host, text: string): Answer | undefined {
  const { metadata: { name, labels: { [role]: marked, ...labels }, annotations }, spec: { taints }, status: { allocatable } } = JSON.parse(text) as Manifest;
  return viaApi(by, (cluster) => {
    const host = cluster.kubelets.get(name);
    if (cluster.nodes.has(name) || !host || !allocatable) return undefined;
    host.did('create the Node', [name]);
    cluster.nodes.set(name, { name, host, controlPlane: marked !== undefined, version: '', unschedulable: false, silent: true, labels, annotations, ...(taints ? { taints } : {}) });
    return { stdout: `node/${name} created\n` };
  });
}

/** As the API answers a kubelet: one of another CA is nobody it knows. */
function asked({ files, kubernetes, around }: Host, node: string, controlPlane: string): Answer {
  const said = (words: string): Answer => ({ code: 1, stdout: `${words}\n` });
  const server = around.at(controlPlane);
  if (!server?.apiReady() || !server.kubernetes) return said('The connection to the server was refused - did you specify the right host or port?');
  const conf = files.text('/etc/kubernetes/kubelet.conf');
  if (conf === undefined) return said('error: stat /etc/kubernetes/kubelet.conf: no such file or directory');
  if (kubernetes !== server.kubernetes || !conf.includes(server.kubernetes.ca)) return said('Unable to connect to the server: x509: certificate signed by unknown authority');
  return kubernetes.nodes.has(node) ? { stdout: '' } : said(`Error from server (NotFound): nodes "${node}" not found`);
}

/** How the Node of a host that has joined is made anew. */
export const nodeObject: readonly Simulation[] = [
  { name: 'read what the host knows of its Node', reads: exactly(readKnownNode.script), act: ({ nodeName }) => lines([`name ${nodeName}`, 'arch amd64', 'cpus 2', 'memory 4194304']) },
  { name: 'ask the API as the kubelet does', reads: like((node, at) => askAsKubelet(node!, at!).script, 'sample-node', 'sample-place'), act: (host, { args: [node = '', at = ''] }) => asked(host, node, at) },
  { name: 'read the ranges of pods', reads: exactly(readPodRanges.script), act: (host) => viaApi(host, () => undefined) },
  { name: 'create a Node', reads: like((node) => createNode(node!, '').script, 'sample-node'), act: (host, { stdin }) => create(host, stdin.toString('utf8')) },
  // Pods run on without it, so the host is what it was until somebody looks very long.
  { name: 'stop the kubelet alone', reads: exactly(stopKubeletAlone.script), act: (host) => host.did('stop the kubelet') },
  {
    name: 'restart the kubelet', reads: exactly(restartKubelet.script),
    act: (host) => {
      host.did('restart the kubelet', [host.files.text(kubeletConfigPath) ?? '']);
      startKubelet(host);
    },
  },
];
