import type { JsonObject } from './cluster';
import type { KnownNode } from './commands/node-object';
import { networkOf, overlaps, rangeOf } from './ip-range';
import { argumentValues } from './kubeadm/arguments';
import { isObject, listAt, textAt } from './kubeadm/json';
import { isEmptyRecord, recordAnnotation, recordOf } from './node-changes';
import { asJson, type NodeSettings, type Taint, taintsOf } from './node-settings';

/** Where kubeadm before 1.34 looks for the socket of the container runtime when it upgrades a host. */
const socketAnnotation = 'kubeadm.alpha.kubernetes.io/cri-socket';
const uninitialized = 'node.cloudprovider.kubernetes.io/uninitialized';
const controlPlaneRole = 'node-role.kubernetes.io/control-plane';

/** A Node that is made anew: what its kubelet would not say of itself. */
export interface NewNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Ranges of pods, at most one of each family. */
  readonly ranges: readonly string[];
  /** What it has room for, until its kubelet says better. */
  readonly room: Readonly<Record<string, string>>;
}

export interface NewNodeInput {
  /** What the host knows of it; of its ranges those that it keeps. */
  readonly known: KnownNode;
  readonly role: 'control-plane' | 'worker';
  /** kubeadm's nodeRegistration for the host, and the kubelet's own document. */
  readonly node: JsonObject;
  readonly kubelet: JsonObject;
  /** What the Policy says of it. */
  readonly settings: NodeSettings;
}

/**
 * The Node as kubeadm and kubelet together would have made it with what the Clusterfile says now. Its taints are on it from the
 * first moment, so that no pod slips onto it.
 */
export function newNode({ known: { name, socket, arch, cpus, memoryKiB, maxPods, ranges }, role, node, kubelet, settings }: NewNodeInput): NewNode {
  const master = role === 'control-plane';
  const args = listAt(node, 'kubeletExtraArgs');
  const record = recordOf(settings);
  return {
    name, ranges,
    room: { cpu: `${cpus}`, memory: `${memoryKiB}Ki`, pods: `${maxPods}` },
    labels: {
      'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...(arch ? { 'kubernetes.io/arch': arch } : {}),
      ...(master ? { [controlPlaneRole]: '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' } : {}), ...labelsIn(argumentValues(args, 'node-labels')),
    },
    taints: [
      ...(Array.isArray(node['taints']) ? taintsIn(node, 'taints') : master ? [{ key: controlPlaneRole, effect: 'NoSchedule' }] : []),
      ...taintsIn(kubelet, 'registerWithTaints'), ...taintsOf(argumentValues(args, 'register-with-taints').join().split(',')),
      // Until the cloud has looked at it, as a kubelet that registers itself says.
      ...(argumentValues(args, 'cloud-provider').includes('external') ? [{ key: uninitialized, value: 'true', effect: 'NoSchedule' }] : []),
    ],
    annotations: { ...(isEmptyRecord(record) ? {} : { [recordAnnotation]: JSON.stringify(record) }), ...(socket ? { [socketAnnotation]: socket } : {}) },
  };
}

const labelsIn = (values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.join().split(',').filter(Boolean).map((pair) => [pair.split('=')[0]!.trim(), pair.slice(pair.indexOf('=') + 1).trim()]));

const taintsIn = (from: JsonObject, key: string): Taint[] => listAt(from, key).filter(isObject).flatMap((one) => {
  const [name, effect, value] = [textAt(one, 'key'), textAt(one, 'effect'), textAt(one, 'value')];
  return name && effect ? [{ key: name, ...(value ? { value } : {}), effect }] : [];
});

/**
 * The object as the API takes it. With what it has room for: a kubelet that starts goes by its Node, and would find none for its
 * static pods (commands/node-object.ts).
 */
export const nodeManifest = ({ name, labels, taints, annotations, ranges, room }: NewNode): string => JSON.stringify({
  apiVersion: 'v1', kind: 'Node', metadata: { name, labels, annotations },
  spec: { ...(ranges.length > 0 ? { podCIDR: ranges[0], podCIDRs: ranges } : {}), ...(taints.length > 0 ? { taints: asJson(taints) } : {}) },
  status: { capacity: room, allocatable: room },
});

/** What a Node that is there lacks of it: a JSON merge patch for labels and annotations, absent where none is missing; and taints as kubectl takes them. */
export function missingOf(wanted: NewNode, { labels = {}, taints = [], record }: { readonly labels?: Readonly<Record<string, string>>; readonly taints?: readonly Taint[]; readonly record?: string }): { readonly patch?: string; readonly taints: string[] } {
  const lacking = Object.fromEntries(Object.entries(wanted.labels).filter(([key, value]) => labels[key] !== value));
  const noted = wanted.annotations[recordAnnotation] === record;
  const patch = Object.keys(lacking).length === 0 && noted ? {} : { patch: JSON.stringify({ metadata: { labels: lacking, annotations: wanted.annotations } }) };
  const isThere = (one: Taint): boolean => taints.some(({ key, value = '', effect }) => key === one.key && effect === one.effect && value === (one.value ?? ''));
  // Of the cloud's taint only a Node that is made now is in need.
  return { ...patch, taints: wanted.taints.filter((one) => one.key !== uninitialized && !isThere(one)).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`) };
}

/**
 * Of the ranges that a host's network of pods has noted there the one of each family that its Node keeps: inside the cluster's
 * networks of pods, and no other Node's meanwhile. With another range its bridge would refuse new pods, and nobody would find those
 * that run.
 */
export function keptRanges(found: readonly string[], networks: readonly string[], taken: readonly string[]): string[] {
  const isPartOf = (range: string, network: string): boolean => overlaps(range, network) && (rangeOf(range)?.[1] ?? 0) > (rangeOf(network)?.[1] ?? 0);
  const kept = found.flatMap((one) => networkOf(one) ?? []).filter((range) => networks.some((network) => isPartOf(range, network)) && !taken.some((other) => overlaps(range, other)));
  return kept.filter((range, at) => kept.findIndex((other) => other.includes(':') === range.includes(':')) === at);
}
