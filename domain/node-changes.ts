import { listOf, objectOf, readJson, word } from './form';
import { labelFault, type NodeSettings, type Taint, taintsOf } from './node-settings';

/** On a Node: which of its labels and taints Keelson has set. What is not in it is somebody else's, and stays. */
export const recordAnnotation = 'keelson.dev/node-settings';

/** Keys of labels, and taints as `key:Effect`; both in order. */
export interface NodeRecord {
  readonly labels: readonly string[];
  readonly taints: readonly string[];
}

/** A Node as it is. */
export interface NodeState {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** The annotation's text; absent where the Node has none. */
  readonly record?: string;
}

/** What makes a Node what is wanted of it. */
export interface NodeChange {
  /** New values by key; null: the label goes. */
  readonly labels: Readonly<Record<string, string | null>>;
  /** As `kubectl taint` takes them: `a=b:NoSchedule`, and `a:NoSchedule-` for one that goes. */
  readonly taints: readonly string[];
  /** What is Keelson's when it is done. */
  readonly record: NodeRecord;
  /** What is or was Keelson's while it is done: it holds wherever the change is cut off. */
  readonly meanwhile: NodeRecord;
  /** Its record says so already. */
  readonly noted: boolean;
}

const nameOf = ({ key, effect }: Taint): string => `${key}:${effect}`;
/** Taints under the domains of Kubernetes are given and taken by kubeadm, kubelets and controllers: never taken away here. */
const isOurs = (taint: string): boolean => !/(^|\.)(kubernetes|k8s)\.io\//.test(taint);
const equal = (one: NodeRecord, other: NodeRecord): boolean => JSON.stringify(one) === JSON.stringify(other);
const union = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort();

/** What Keelson sets on the Node of a host, as it stands on record. */
export const recordOf = ({ nodeLabels = {}, nodeTaints = [] }: NodeSettings): NodeRecord => ({
  labels: union(Object.keys(nodeLabels)), taints: union(taintsOf(nodeTaints).map(nameOf).filter(isOurs)),
});

export const isEmptyRecord = ({ labels, taints }: NodeRecord): boolean => labels.length + taints.length === 0;

const recordForm = objectOf({ labels: listOf(word), taints: listOf(word) });

/** The record of a Node. Anybody who may change a Node may write there: what is no record says nothing. */
function recordOn({ record }: NodeState): NodeRecord {
  try {
    const { labels, taints } = readJson(record ?? '', recordForm);
    return { labels: union(labels), taints: union(taints) };
  } catch {
    return { labels: [], taints: [] };
  }
}

/**
 * The way from a Node to what the Policy says of it: labels and taints that are missing or of another value are set, and of
 * those that it says no more only what Keelson has set goes. All others are left alone.
 */
export function nodeChange(node: NodeState, { nodeLabels = {}, nodeTaints = [] }: NodeSettings): NodeChange {
  const had = recordOn(node);
  const record = recordOf({ nodeLabels, nodeTaints });
  const there = new Map((node.taints ?? []).map((taint) => [nameOf(taint), taint.value ?? '']));
  const taints = taintsOf(nodeTaints);
  const wanted = new Set(taints.map(nameOf));
  const left = had.labels.filter((key) => !Object.hasOwn(nodeLabels, key) && Object.hasOwn(node.labels ?? {}, key) && labelFault(key, '') === undefined);
  const meanwhile = { labels: union(had.labels, record.labels), taints: union(had.taints, record.taints) };
  return {
    labels: Object.fromEntries([...Object.entries(nodeLabels).filter(([key, value]) => node.labels?.[key] !== value), ...left.map((key) => [key, null] as const)]),
    taints: [
      ...taints.filter((taint) => there.get(nameOf(taint)) !== (taint.value ?? '')).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`),
      ...had.taints.filter((taint) => !wanted.has(taint) && there.has(taint) && isOurs(taint)).map((taint) => `${taint}-`),
    ],
    record, meanwhile, noted: equal(had, record),
  };
}

/** The word for a Node that is as it should be, but for the record of what of it is Keelson's. */
export const unnoted = 'note';

/** How a Node differs, in the words of kubectl: `label gpu=yes`, `label gpu-` for one that goes, `taint a=b:NoSchedule`, `name one`; or `note`. */
export function differing(node: NodeState, wanted: NodeSettings): string[] {
  const { labels, taints, noted } = nodeChange(node, wanted);
  const found = [
    ...(wanted.nodeName === undefined || wanted.nodeName === node.name ? [] : [`name ${wanted.nodeName}`]),
    ...Object.entries(labels).map(([key, value]) => (value === null ? `label ${key}-` : `label ${key}=${value}`)),
    ...taints.map((taint) => `taint ${taint}`),
  ];
  return [...found, ...(noted || found.some((one) => !one.startsWith('name ')) ? [] : [unnoted])];
}

/** Of the ways in which a Node differs those that can be changed: its name it keeps. */
export const changeable = (differs: readonly string[]): string[] => differs.filter((one) => !one.startsWith('name '));

/** The patch (JSON merge) that sets labels and record of a Node. */
export const nodePatch = (labels: NodeChange['labels'], record: NodeRecord): string =>
  JSON.stringify({ metadata: { ...(Object.keys(labels).length > 0 ? { labels } : {}), annotations: { [recordAnnotation]: isEmptyRecord(record) ? null : JSON.stringify(record) } } });
