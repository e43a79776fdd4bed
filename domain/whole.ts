import { type ClusterSpec, controlPlanes, workers } from './cluster';
import type { ClusterFacts } from './facts';
import type { ImageFacts } from './images';
import { sameAddress } from './ip-range';

interface Known {
  readonly id: string;
  readonly address: string;
}

export interface WholeInput {
  readonly controlPlanes: readonly Known[];
  readonly workers: readonly Known[];
  /** Host ids that are known to be away: nobody waits for their Nodes. */
  readonly absent: readonly string[];
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  /** Whether an image could have brought a pod network. */
  readonly network: boolean;
}

/** The cluster that a spec wants, for `unwhole` to compare with. */
export const wholeInput = (spec: ClusterSpec, { version, absent }: { version: string; absent: readonly string[] }, images: readonly ImageFacts[]): WholeInput => ({
  controlPlanes: controlPlanes(spec), workers: workers(spec), absent, version, network: images.some(({ kind }) => kind === 'application'),
});

/** A node without a pod network is not ready, and says so in these words. Without a CNI image that is as wanted. */
const noNetwork = /cni plugin not initialized/i;

/** What keeps the cluster from being whole, one sentence each: every host its Node, Ready at its version; etcd's members are the control planes. */
export function unwhole(input: WholeInput, { nodes, etcd }: ClusterFacts): string[] {
  const { controlPlanes, workers, absent, version } = input;
  const wrong = [...controlPlanes, ...workers].filter(({ id }) => !absent.includes(id)).flatMap(({ id, address }) => {
    const node = nodes.find((one) => sameAddress(one.address, address));
    if (!node) return [`${id} has no Node`];
    if (node.version !== version) return [`${id} is ${node.version}`];
    if (node.unschedulable) return [];
    return node.ready || waitsForNetwork(input, node.reason) ? [] : [`${id}: ${node.reason ?? 'its Node is not Ready'}`];
  });
  const missing = controlPlanes.filter(({ address }) => !etcd.some((member) => sameAddress(member.address, address)));
  const many = etcd.filter(({ address }) => !controlPlanes.some((one) => sameAddress(one.address, address)));
  const ill = etcd.filter(({ address, healthy }) => !healthy && controlPlanes.some((one) => sameAddress(one.address, address) && !absent.includes(one.id)));
  return [
    ...wrong,
    ...missing.map(({ id }) => `${id} is no member of etcd`),
    ...many.map(({ name, address }) => `etcd has a member that is no control plane: ${name || 'one that never started'} at ${address}`),
    ...ill.map(({ address }) => `the etcd member at ${address} is not healthy`),
  ];
}

const waitsForNetwork = ({ network }: WholeInput, reason = ''): boolean => !network && noNetwork.test(reason);

/** The sentence that the status shows of a cluster that is whole but for the hosts that are left out. */
export function wholeWords(input: WholeInput, { nodes }: ClusterFacts): string {
  const { controlPlanes, workers, absent, version } = input;
  const hosts = [...controlPlanes, ...workers];
  const there = hosts.filter(({ id }) => !absent.includes(id));
  const waiting = there.filter(({ address }) => nodes.some((node) => sameAddress(node.address, address) && !node.ready && waitsForNetwork(input, node.reason))).map(({ id }) => id);
  const count = absent.length > 0 ? `${there.length} of ${hosts.length} nodes` : `${hosts.length} ${hosts.length === 1 ? 'node' : 'nodes'}`;
  return waiting.length > 0 ? `${count} at ${version}; not Ready until an image brings a pod network: ${waiting.join(', ')}` : `${count} Ready at ${version}`;
}
