import { hostProblems } from './checks/host';
import { imageProblems } from './checks/images';
import { networkProblems } from './checks/networks';
import { togetherProblems } from './checks/together';
import { type ClusterSpec, controlPlanes } from './cluster';
import type { HostFacts } from './facts';
import type { ImageFacts } from './images';
import { effectiveNetworks } from './kubeadm/networks';
import type { Problem } from './problem';

export interface CheckInput {
  readonly spec: ClusterSpec;
  readonly facts: readonly HostFacts[];
  readonly images: readonly ImageFacts[];
  /** The cluster's identity: a host with another one's mark is somebody else's. */
  readonly uid: string;
  /** False when an image could not be fetched: what the others lack is then no finding. Default true. */
  readonly imagesKnown?: boolean;
  /** CIDR ranges, with commas between several; default: what spec and rootfs image lead to. */
  readonly networks?: { readonly podSubnet: string; readonly serviceSubnet: string };
}

/**
 * All that is wrong with all hosts and images, at once, before anything is changed: errors refuse the operation, warnings go
 * with it. Each says the numbers and what to do. Total: hosts without facts are a problem, not an exception.
 */
export function checkProblems({ spec, facts, images, uid, imagesKnown = true, networks }: CheckInput): Problem[] {
  const seen = new Map(facts.map((one) => [one.host, one]));
  const rootfs = images.find(({ kind }) => kind === 'rootfs');
  const ranges = networks ?? effectiveNetworks({ kubeadm: spec.kubeadm, ...(rootfs ? { image: rootfs } : {}) });
  return [
    ...imageProblems(images, imagesKnown),
    ...evenControlPlanes(spec),
    ...togetherProblems(spec, seen),
    ...spec.hosts.flatMap((host) => hostProblems({ spec, host, facts: seen.get(host.id), images, uid })),
    ...spec.hosts.flatMap(({ id }) => networkProblems(id, seen.get(id), ranges, uid)),
  ];
}

function evenControlPlanes(spec: ClusterSpec): Problem[] {
  const count = controlPlanes(spec).length;
  if (count === 0 || count % 2 === 1) return [];
  return [{
    severity: 'warning', type: 'PreflightFailed', where: 'hosts',
    message: `${count} control planes bear no more failures than ${count - 1}: etcd needs more than half of them`,
    todo: `use ${count - 1} or ${count + 1} control planes`,
  }];
}
