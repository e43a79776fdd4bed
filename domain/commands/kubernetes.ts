import { type Command, quote } from '../command';
import type { NodeFacts } from '../facts';
import { flag, type Form, listOf, mapOf, objectOf, readJson, text, word } from '../form';
import { adminConf } from '../host-paths';
import type { Taint } from '../node-settings';

const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=10s`;

/** Whether the API server that admin.conf names is ready. */
export const apiReady: Command<boolean> = {
  title: 'kubectl get --raw /readyz',
  script: `test -s ${adminConf} && ${kubectl} get --raw=/readyz`,
  okCodes: [0, 1],
  parse: ({ code }) => code === 0,
};

/** The last line of an answer. Throws when it is not of the form: what it says would stand in a configuration. */
function lastLine(stdout: string, form: RegExp): string {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!form.test(line)) throw new Error('an answer of another form');
  return line;
}

const purposeOf = (host: string): string => `join of ${host} by keelson`;

/** A new join token for one host, valid for a quarter of an hour: it is spent at once and deleted. Runs on a control plane. */
export const createToken = (host: string): Command<string> => ({
  title: 'kubeadm token create',
  changes: true,
  script: `kubeadm --kubeconfig ${adminConf} token create --ttl 15m --description ${quote(purposeOf(host))}`,
  parse: ({ stdout }) => lastLine(stdout, /^[a-z0-9]{6}\.[a-z0-9]{16}$/),
});

/** Deletes every token that was made for a host: also one whose maker was killed before it could. Only the id enters an argv. */
export const deleteTokensOf = (host: string): Command => ({
  title: 'kubeadm token delete, all of this host',
  changes: true,
  script: `purpose=${quote(purposeOf(host))}
kubeadm --kubeconfig ${adminConf} token list -o jsonpath='{.token} {.description}{"\\n"}' | while read -r token description; do
  [ "$description" != "$purpose" ] || kubeadm --kubeconfig ${adminConf} token delete "\${token%%.*}" || exit 1
done`,
  okCodes: [0, 1],
});

/** Deletes a token by its id: the part before the dot, which is no secret. */
export const deleteToken = (id: string): Command => ({
  title: 'kubeadm token delete',
  changes: true,
  script: `kubeadm --kubeconfig ${adminConf} token delete ${quote(id)}`,
  okCodes: [0, 1],
});

/**
 * Uploads the control plane's certificates, encrypted with a new key, and gives the key. kubeadm deletes them after two
 * hours, deleteCertificates sooner. The key comes on stdout and never stands in an argv.
 */
export const uploadCertificates = (configPath: string): Command<string> => ({
  title: 'kubeadm init phase upload-certs',
  changes: true,
  script: `kubeadm init phase upload-certs --upload-certs --config ${quote(configPath)} 2>/dev/null`,
  parse: ({ stdout }) => lastLine(stdout, /^[0-9a-f]{64}$/),
});

/** Deletes the uploaded certificates, and the token without rights by which kubeadm keeps their time. */
export const deleteCertificates: Command = {
  title: 'delete the uploaded certificates',
  changes: true,
  script: `set -eu
token=$(${kubectl} -n kube-system get secret kubeadm-certs --ignore-not-found -o 'jsonpath={.metadata.ownerReferences[0].name}')
${kubectl} -n kube-system delete secret kubeadm-certs $token --ignore-not-found --wait=false >/dev/null`,
};

/** The cluster's CA certificate, base64 of PEM. */
export const readCa: Command<string> = {
  title: 'read the cluster CA',
  script: 'base64 -w0 /etc/kubernetes/pki/ca.crt',
  parse: ({ stdout }) => lastLine(stdout, /^[A-Za-z0-9+/=]+$/),
};

/** The admin kubeconfig. A secret: never leaves an activity. */
export const readAdminConf: Command = { title: 'read the admin kubeconfig', script: `cat ${adminConf}` };

/** A Node object, with why it is not ready in the kubelet's words. */
export type SeenNode = NodeFacts & { readonly reason: string; readonly labels: Readonly<Record<string, string>>; readonly taints: readonly Taint[] };

const nodeObject = objectOf({
  metadata: objectOf({ name: word }, { labels: mapOf(text) }),
  status: objectOf({}, {
    addresses: listOf(objectOf({ type: text, address: text })), nodeInfo: objectOf({ kubeletVersion: text }),
    conditions: listOf(objectOf({ type: text, status: text }, { message: text })),
  }),
}, { spec: objectOf({}, { unschedulable: flag, taints: listOf(objectOf({ key: text, effect: text }, { value: text })) }) });
const nodeList = objectOf({ items: listOf(nodeObject) });
type NodeObject = typeof nodeObject extends Form<infer T> ? T : never;

/** All Node objects. */
export const readNodes: Command<SeenNode[]> = {
  title: 'kubectl get nodes',
  script: `${kubectl} get nodes -o json`,
  parse: ({ stdout }) => readJson(stdout, nodeList).items.map(seenNode),
};

function seenNode({ metadata, spec, status }: NodeObject): SeenNode {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return {
    name: metadata.name,
    address: status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
    version: status.nodeInfo?.kubeletVersion ?? '',
    ready: ready?.status === 'True',
    reason: ready?.message ?? 'the kubelet has not reported yet',
    controlPlane: metadata.labels?.['node-role.kubernetes.io/control-plane'] !== undefined,
    unschedulable: spec?.unschedulable ?? false,
    labels: metadata.labels ?? {},
    taints: spec?.taints ?? [],
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

/** etcdctl in the etcd pod of a Node: the pod has the program and the certificates. */
export const etcdctlIn = (nodeName: string): string => {
  const pki = '/etc/kubernetes/pki/etcd';
  return `${kubectl} -n kube-system exec ${quote(`etcd-${nodeName}`)} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=${pki}/ca.crt --cert=${pki}/server.crt --key=${pki}/server.key`;
};

/** etcd's members and which of them answer, asked through one control plane's own etcd pod. Fails where that one does not answer. */
export const readEtcd = (nodeName: string): Command<{ members: EtcdMember[]; healthy: boolean }> => ({
  title: 'etcdctl member list',
  script: `${etcdctlIn(nodeName)} member list -w simple || exit 2
echo ==
${etcdctlIn(nodeName)} endpoint health --cluster -w json`,
  okCodes: [0, 1],
  parse: ({ stdout }) => parseEtcd(stdout),
});

const endpoints = listOf(objectOf({ endpoint: text, health: flag }));

/** Lines such as `8e9e05c52164694d, started, h1, https://10.0.0.1:2380, https://10.0.0.1:2379, false`, then the health of every endpoint as JSON. */
export function parseEtcd(stdout: string): { members: EtcdMember[]; healthy: boolean } {
  const [list = '', rest = ''] = stdout.split('\n==\n');
  const json = rest.split('\n').find((line) => line.startsWith('[')) ?? '[]';
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
  script: `${kubectl} -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${quote(nodeName)} --wait=false`,
  okCodes: [0, 1],
});
