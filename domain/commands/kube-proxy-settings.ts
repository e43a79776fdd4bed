import { type Command, quote } from '../command';
import { numberIn } from '../form';
import { adminConf } from '../host-paths';
import { settingsDir } from './settings';

const dir = settingsDir('kube-proxy');
const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=10s -n kube-system`;
/** On the DaemonSet's pods: which configuration they were started with. Another one has them started anew. */
const annotation = 'keelson.dev/config';

/** Bash: the pods are to be those of the configuration in the ConfigMap. `salt` sets them apart from any before. */
const rollOut = (salt: string): string => `config=$(${kubectl} get configmap kube-proxy -o 'jsonpath={.data.config\\.conf}') || exit 1
digest=$(printf '%s\\n' "$config" ${salt} | sha256sum | cut -c1-16)
${kubectl} patch daemonset kube-proxy --type merge -p '{"spec":{"template":{"metadata":{"annotations":{"${annotation}":"'"$digest"'"}}}}}' || exit 1`;

/**
 * Has kubeadm bring kube-proxy's configuration into the cluster, and its pods started anew where it differs from the one
 * before, which is kept. A cluster that does without kube-proxy is left without. Run again it changes nothing more.
 */
export const kubeProxySettingsScript = ({ configPath }: { readonly configPath: string }): string => `set -u
umask 077
found=$(${kubectl} get daemonset kube-proxy --ignore-not-found -o name) || exit 1
[ -n "$found" ] || { echo 'the cluster has no kube-proxy'; exit 0; }
mkdir -p ${dir} && cd ${dir} || exit 1
if [ ! -e config-map ]; then
  ${kubectl} get configmap kube-proxy -o yaml | sed -E '/^  (resourceVersion|uid|creationTimestamp):/d' > config-map.new && [ -s config-map.new ] && mv config-map.new config-map || exit 1
  ${kubectl} get configmap kube-proxy -o 'jsonpath={.data.config\\.conf}' > config-before || exit 1
fi
kubeadm init phase addon kube-proxy --kubeconfig ${adminConf} --config ${quote(configPath)} || exit 1
if ${kubectl} get configmap kube-proxy -o 'jsonpath={.data.config\\.conf}' | cmp -s - config-before; then echo 'kube-proxy runs with these settings already'; exit 0; fi
${rollOut('settings')}
`;

/** The configuration of before, and the pods started with it. `replaced` says that this was begun: a former configuration says nothing of the pods then. */
export const kubeProxySettingsBackScript = (tries: number): string => `set -u
cd ${dir} 2>/dev/null && [ -s config-map ] || exit 0
if [ ! -e replaced ] && ${kubectl} get configmap kube-proxy -o 'jsonpath={.data.config\\.conf}' | cmp -s - config-before; then exit 0; fi
: > replaced || exit 1
${kubectl} replace -f config-map || exit 1
${rollOut(`back-${tries}`)}
`;

export interface KubeProxies {
  /** Nodes that are Ready and have no kube-proxy of the newest kind yet, or one that is not Ready. */
  readonly behind: readonly string[];
  /** Of these the pods of an older kind. */
  readonly old: readonly string[];
  /** Of the newest kind: ends again and again. */
  readonly failing: readonly string[];
  /** Nodes that are away: nobody waits for them. */
  readonly away: readonly string[];
}

/** How far the kube-proxies are. A node that is not Ready gets its own when it is back. */
export const readKubeProxies: Command<KubeProxies> = {
  title: 'look at the kube-proxies',
  script: `${kubectl} get daemonset kube-proxy --ignore-not-found -o 'jsonpath={"wanted "}{.spec.template.metadata.annotations.keelson\\.dev/config}{"\\n"}' || exit 1
${kubectl} get nodes -o 'jsonpath={range .items[*]}node {.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}' || exit 1
${kubectl} get pods -l k8s-app=kube-proxy -o 'jsonpath={range .items[*]}pod {.metadata.name} {.spec.nodeName} [{.metadata.annotations.keelson\\.dev/config}] {.status.conditions[?(@.type=="Ready")].status} {.status.containerStatuses[0].restartCount} {.metadata.deletionTimestamp}{"\\n"}{end}' || exit 1`,
  parse: ({ stdout }) => readProxies(stdout),
};

function readProxies(stdout: string): KubeProxies {
  const lines = stdout.split('\n').map((line) => line.split(' '));
  const wanted = lines.find(([word]) => word === 'wanted')?.[1];
  if (wanted === undefined) return { behind: [], old: [], failing: [], away: [] };
  const nodes = lines.filter(([word]) => word === 'node').map(([, name = '', ready]) => ({ name, ready: ready === 'True' }));
  const pods = lines.filter(([word]) => word === 'pod').map(([, name = '', node = '', kind = '', ready, restarts, ends]) =>
    ({ name, node, isNew: kind === `[${wanted}]`, ready: ready === 'True', restarts: numberIn(restarts), ends: Boolean(ends) }));
  const there = nodes.filter(({ ready }) => ready).map(({ name }) => name);
  const behind = there.filter((name) => !pods.some(({ node, isNew, ready, ends }) => node === name && isNew && ready && !ends));
  return {
    behind,
    old: pods.filter(({ node, isNew, ends }) => behind.includes(node) && !isNew && !ends).map(({ name }) => name),
    failing: pods.filter(({ isNew, ready, restarts }) => isNew && !ready && restarts >= 2).map(({ name }) => name),
    away: nodes.filter(({ ready }) => !ready).map(({ name }) => name),
  };
}

/** What a pod that ended said last. */
export const lastWords = (pod: string): Command => ({
  title: `kubectl logs ${pod}`,
  script: `${kubectl} logs ${quote(pod)} --previous --tail=20 2>/dev/null || ${kubectl} logs ${quote(pod)} --tail=20 2>/dev/null; exit 0`,
  parse: ({ stdout }) => {
    const lines = stdout.split('\n').filter((line) => line.trim() !== '');
    return ([...lines].reverse().find((line) => /^[EF]\d{4} |error|fail/i.test(line)) ?? lines.at(-1) ?? '').slice(0, 400);
  },
});

/** A pod of the former kind goes: its DaemonSet makes it anew. */
export const endKubeProxy = (pod: string): Command => ({
  title: `kubectl delete pod ${pod}`, changes: true, script: `${kubectl} delete pod ${quote(pod)} --ignore-not-found --wait=false`,
});
