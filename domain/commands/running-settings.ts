import type { Command } from '../command';
import type { JsonObject } from '../cluster';
import { adminConf } from '../host-paths';
import { type FixedSettings, namedFixed } from '../kubeadm/fixed';
import { isObject, listAt, objectAt, textAt } from '../kubeadm/json';
import { onlyValueOf } from '../yaml';

/** Where kubeadm keeps the documents in the cluster: the ConfigMap of each, and the key in it. */
const places = {
  cluster: ['kubeadm-config', 'ClusterConfiguration'], kubelet: ['kubelet-config', 'kubelet'], kubeProxy: ['kube-proxy', 'config.conf'],
} as const;

/** What the running cluster says of itself. */
export interface Running {
  /** The settings that it keeps for good; absent when it does not say: a cluster that kubeadm did not make. */
  readonly fixed?: FixedSettings;
  /** Tag of the kube-proxy that its DaemonSet brings; absent where it has none. kubeadm brings CoreDNS along with it. */
  readonly addons?: string;
}

/** What the running cluster says of its configuration and of the version of its addons. */
export const readRunning: Command<Running> = {
  title: 'read how the cluster runs',
  script: `kubectl --kubeconfig ${adminConf} --request-timeout=10s -n kube-system get ${Object.values(places).map(([name]) => `configmap/${name}`).join(' ')} daemonset/kube-proxy --ignore-not-found -o json`,
  parse: ({ stdout }) => {
    const list: unknown = stdout.trim() === '' ? {} : JSON.parse(stdout);
    const items = isObject(list) && Array.isArray(list['items']) ? (list['items'] as readonly unknown[]).filter(isObject) : [];
    const isDaemonSet = (one: JsonObject): boolean => textAt(one, 'kind') === 'DaemonSet';
    const fixed = fixedIn(items.filter((one) => !isDaemonSet(one)));
    const addons = items.filter(isDaemonSet).flatMap((one) => tagOf(one) ?? [])[0];
    return { ...(fixed ? { fixed } : {}), ...(addons ? { addons } : {}) };
  },
};

function tagOf(daemonSet: JsonObject): string | undefined {
  const [container] = listAt(objectAt(objectAt(objectAt(daemonSet, 'spec'), 'template'), 'spec'), 'containers').filter(isObject);
  return /:([\w.+-]+)(@|$)/.exec(textAt(container ?? {}, 'image') ?? '')?.[1];
}

function fixedIn(configMaps: readonly JsonObject[]): FixedSettings | undefined {
  const texts = Object.entries(places).map(([document, [name, key]]) =>
    [document, textAt(objectAt(configMaps.find((one) => textAt(objectAt(one, 'metadata'), 'name') === name), 'data'), key)] as const);
  const documents = Object.fromEntries(texts.map(([document, text]) => [document, documentIn(text ?? '')]));
  return documents['cluster'] ? namedFixed(documents) : undefined;
}

/** What is no document says nothing. */
function documentIn(text: string): JsonObject | undefined {
  const value = onlyValueOf(text);
  return isObject(value) ? value : undefined;
}
