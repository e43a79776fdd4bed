import type { Host, JsonObject } from './cluster';
import { normalAddress } from './ip-range';

/** What a Policy says of one host's Node. */
export type NodeSettings = Pick<Host, 'nodeName' | 'nodeLabels' | 'nodeTaints'>;

/** Those of a host, and nothing else of it. */
export const nodeSettingsOf = ({ nodeName, nodeLabels, nodeTaints }: NodeSettings): NodeSettings => ({
  ...(nodeName === undefined ? {} : { nodeName }), ...(nodeLabels === undefined ? {} : { nodeLabels }), ...(nodeTaints === undefined ? {} : { nodeTaints }),
});

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

const name = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const key = new RegExp(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${name}$`);
const value = new RegExp(`^(${name})?$`);

/** A taint as kubectl writes it, `key=value:Effect` or `key:Effect`; undefined for what is none. */
export function parseTaint(text: string): Taint | undefined {
  const [, word = '', given, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (!key.test(word) || !value.test(given ?? '')) return undefined;
  return { key: word, ...(given ? { value: given } : {}), effect };
}

/** Why a Node cannot be given a label by its own kubelet; undefined when it can. */
export function labelFault(word: string, given: string): string | undefined {
  if (!key.test(word) || !value.test(given)) return 'is no label';
  const [prefix = ''] = word.includes('/') ? word.split('/') : [];
  const kubernetes = /(^|\.)(kubernetes|k8s)\.io$/.test(prefix);
  const allowed = /(^|\.)(kubelet|node)\.kubernetes\.io$/.test(prefix) || /^topology\.kubernetes\.io\/(region|zone)$/.test(word);
  return kubernetes && !allowed ? 'is a label of Kubernetes that no kubelet may give itself' : undefined;
}

/** Taints as kubeadm takes them; of two of one key and effect the last one counts. */
export const taintsOf = (texts: readonly string[] = []): Taint[] =>
  [...new Map(texts.flatMap((text) => parseTaint(text) ?? []).map((taint) => [`${taint.key}:${taint.effect}`, taint])).values()];

/** What is wanted of Nodes, by address; undefined where a Policy says nothing of any. */
export function wantedOfNodes(hosts: readonly Host[]): Record<string, NodeSettings> | undefined {
  const said = hosts.map((host) => [normalAddress(host.address), nodeSettingsOf(host)] as const).filter(([, settings]) => Object.keys(settings).length > 0);
  return said.length > 0 ? Object.fromEntries(said) : undefined;
}

/** The argument of a kubelet for these labels, after those that stand there already. */
export const labelArgument = (before: readonly string[], labels: Readonly<Record<string, string>>): string =>
  [...before, ...Object.entries(labels).map(([word, given]) => `${word}=${given}`)].filter(Boolean).join(',');

/** Taints as fields of a kubeadm document. */
export const asJson = (taints: readonly Taint[]): JsonObject[] => taints.map((taint) => ({ ...taint }));
