import { type Command, quote } from '../command';
import type { NodeFacts } from '../facts';
import { flag, listOf, mapOf, objectOf, readJson, text } from '../form';
import { adminConf } from '../host-paths';
import { recordAnnotation } from '../node-changes';
import type { Taint } from '../node-settings';
import { staticPods } from './static-pods';

const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=10s`;

/** Whether the API server that admin.conf names is ready. */
export const apiReady: Command<boolean> = {
  title: 'kubectl get --raw /readyz',
  script: `test -s ${adminConf} && ${kubectl} get --raw=/readyz`,
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};

/** The admin kubeconfig. A secret: never leaves an activity. */
export const readAdminConf: Command = { title: 'read the admin kubeconfig', script: `cat ${adminConf}`, answerIsSecret: true };

/** A Node object, with why it is not ready in the kubelet's words. */
export type SeenNode = NodeFacts & { readonly reason: string; readonly labels: Readonly<Record<string, string>>; readonly taints: readonly Taint[]; readonly record?: string };

const labelsOf = mapOf(text);
const taintsOf = listOf(objectOf({ key: text, effect: text }, { value: text }));

/** What of a Node is asked for, in its order; the last may be of several lines, so a word of ours begins each Node. */
const nodeFields = [
  '.metadata.name', '.status.addresses[?(@.type=="InternalIP")].address', '.status.nodeInfo.kubeletVersion', '.spec.unschedulable',
  '.metadata.labels', '.spec.taints', `.metadata.annotations.${recordAnnotation.replaceAll('.', '\\.')}`, '.status.conditions[?(@.type=="Ready")].status', '.status.conditions[?(@.type=="Ready")].message',
];

const nodeLine = `{"node"}${nodeFields.map((field) => `{"\\t"}{${field}}`).join('')}{"\\n"}`;

/**
 * All Node objects, and of each only what is used: whole ones take some 15 KB, most of it names of images. What is used takes
 * half a KB, with a provider's labels three times that, and Kubernetes has up to five thousand of them.
 */
export const readNodes: Command<SeenNode[]> = {
  title: 'kubectl get nodes',
  keepsBytes: 32 * 1024 * 1024,
  script: `${kubectl} get nodes -o ${quote(`jsonpath={range .items[*]}${nodeLine}{end}`)}`,
  parse: ({ stdout }) => seenNodes(stdout),
};

/** One Node, by its name; undefined when there is none. For whoever asks again and again: all of a large cluster take seconds. */
export const readNode = (name: string): Command<SeenNode | undefined> => ({
  title: 'kubectl get node',
  script: `${kubectl} get node ${quote(name)} --ignore-not-found -o ${quote(`jsonpath=${nodeLine}`)}`,
  parse: ({ stdout }) => seenNodes(stdout)[0],
});

function seenNodes(stdout: string): SeenNode[] {
  const [before = '', ...nodes] = stdout.split(/^node\t/m);
  if (before.trim() !== '') throw new Error('an answer of another form');
  return nodes.map(seenNode);
}

function seenNode(line: string): SeenNode {
  const [name = '', addresses = '', version = '', unschedulable = '', labels = '', taints = '', record = '', ready, ...message] = line.split('\t');
  if (name === '' || ready === undefined) throw new Error('an answer of another form');
  const known = labels === '' ? {} : readJson(labels, labelsOf);
  return {
    // With two families the first address is the one that the kubelet was told.
    name, address: addresses.split(' ')[0] ?? '', version,
    ready: ready === 'True',
    reason: message.join(' ').trim() || 'the kubelet has not reported yet',
    controlPlane: known['node-role.kubernetes.io/control-plane'] !== undefined,
    unschedulable: unschedulable === 'true',
    labels: known,
    taints: taints === '' ? [] : readJson(taints, taintsOf),
    ...(record === '' ? {} : { record }),
  };
}

/**
 * Waits on the leader until every Node that is there is Ready, at most so many seconds: one watch instead of a program
 * started twice a second, just when the pod network needs the CPU. The answer is for readNodes to give.
 */
export const awaitReadyNodes = (seconds: number): Command => ({
  title: 'kubectl wait for Ready nodes',
  script: `kubectl --kubeconfig ${adminConf} wait --for=condition=Ready node --all --timeout=${seconds}s`,
  okCodes: [0, 1],
  timeoutMs: (seconds + 15) * 1000,
});

/** A member of etcd. The id is as etcdctl prints it, hexadecimal; the name is empty until it has started once. */
export interface EtcdMember {
  readonly id: string;
  readonly name: string;
  /** Of its peer URL. */
  readonly address: string;
  /** It answered just now. */
  readonly healthy: boolean;
}

const etcdPki = '/etc/kubernetes/pki/etcd';

/**
 * Bash: etcdctl in the etcd pod of a Node, as the words that begin a command; the pod has the program and the certificates. Without
 * a name, as the control plane that is asked has no Node: the API knows no pods of it then, but its etcd runs, and its program is
 * found by its process. `first` has to stand before.
 */
export const etcdctlIn = (nodeName: string): { readonly first: string; readonly etcdctl: string } => {
  const there = ` --endpoints=https://127.0.0.1:2379 --cacert=${etcdPki}/ca.crt --cert=${etcdPki}/server.crt --key=${etcdPki}/server.key`;
  if (nodeName !== '') return { first: '', etcdctl: `${kubectl} -n kube-system exec ${quote(`etcd-${nodeName}`)} -- etcdctl${there}` };
  return {
    first: `${staticPods}
own=
for pid in $(pids etcd); do
  if [ -x "/proc/$pid/root/usr/local/bin/etcdctl" ]; then own=/proc/$pid/root/usr/local/bin/etcdctl; fi
done
[ -n "$own" ] || { echo 'no etcd runs on this host, or it has no etcdctl' >&2; exit 2; }
export ETCDCTL_API=3
`,
    etcdctl: `"$own"${there}`,
  };
};

/**
 * etcd's members and which of them answer, asked through one control plane's own etcd: by the name of its Node, or with an empty
 * name where it has none (etcdctlIn). Fails where that one does not answer. The second question is one of its own, which the API
 * can refuse: then nobody knows which members answer, and that is not "none".
 */
export const readEtcd = (nodeName: string): Command<{ members: EtcdMember[]; healthy: boolean }> => ({
  title: 'etcdctl member list',
  script: `${etcdctlIn(nodeName).first}${etcdctlIn(nodeName).etcdctl} member list -w simple || exit 2
health=$(${etcdctlIn(nodeName).etcdctl} endpoint health --cluster -w json)
[[ $health == *'['* ]] || exit 2
printf '==\\n%s\\n' "$health"`,
  parse: ({ stdout }) => parseEtcd(stdout),
});

const endpoints = listOf(objectOf({ endpoint: text, health: flag }));

/** Lines such as `8e9e05c52164694d, started, h1, https://10.0.0.1:2380, https://10.0.0.1:2379, false`, then the health of every endpoint as JSON. */
function parseEtcd(stdout: string): { members: EtcdMember[]; healthy: boolean } {
  const [list = '', rest = ''] = stdout.split('\n==\n');
  const json = rest.split('\n').find((line) => line.startsWith('['));
  if (json === undefined) throw new Error('an answer of another form');
  const answering = new Set(readJson(json, endpoints).filter(({ health }) => health).map(({ endpoint }) => addressOf(endpoint)));
  const members = list.split('\n').map((line) => line.split(', ')).filter(({ length }) => length >= 4).map(([id = '', , name = '', peer = '']): EtcdMember => {
    const address = addressOf(peer);
    return { id, name, address, healthy: answering.has(address) };
  });
  return { members, healthy: members.length > 0 && members.every(({ healthy }) => healthy) };
}

/** The address of `https://10.0.0.1:2380`; of several with commas the first. */
const addressOf = (url: string): string => /^https?:\/\/(?:\[([^\]]*)\]|([^:/,]*))/.exec(url)?.slice(1).find(Boolean) ?? url;

/** Ends kube-proxy's pod on a node: it keeps the /etc/hosts of its start, in which the API is still the leader's. */
export const restartKubeProxy = (nodeName: string): Command => ({
  title: 'restart kube-proxy',
  changes: true,
  script: `${kubectl} -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${quote(nodeName)} --ignore-not-found --wait=false`,
});
