import { hostProblems } from './checks/host';
import { imageProblems } from './checks/images';
import { networkProblems } from './checks/networks';
import { togetherProblems } from './checks/together';
import type { ClusterSpec } from './cluster';
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
  /** Hosts of the cluster that cannot be reached and that the others need not wait for. */
  readonly away?: readonly string[];
  /** Host id of the control plane that leads already. */
  readonly leader?: string;
  /** CIDR ranges, with commas between several; default: what spec and rootfs image lead to. */
  readonly networks?: { readonly podSubnet: string; readonly serviceSubnet: string };
}

/**
 * All that is wrong with all hosts and images, at once, before anything is changed: errors refuse the operation, warnings go
 * with it. Each says the numbers and what to do. Total: hosts without facts are a problem, not an exception. What the spec
 * alone gives away is for spec-rules.ts to say.
 */
export function checkProblems({ spec, facts, images, uid, imagesKnown = true, away = [], leader, networks }: CheckInput): Problem[] {
  const seen = new Map(facts.map((one) => [one.host, one]));
  const rootfs = images.find(({ kind }) => kind === 'rootfs');
  const ranges = networks ?? effectiveNetworks({ kubeadm: spec.kubeadm, ...(rootfs ? { image: rootfs } : {}) });
  return [
    ...imageProblems(images, imagesKnown),
    ...togetherProblems(spec, seen),
    ...spec.hosts.flatMap((host) => hostProblems({ spec, host, facts: seen.get(host.id), images, uid, away: away.includes(host.id), leader })),
    ...spec.hosts.flatMap((host) => networkProblems(host, seen.get(host.id), ranges, uid)),
  ];
}
