import type { ClusterFacts, HostFacts } from './facts';
import type { ImageFacts } from './images';
import type { Lost } from './lost';
import type { Problem } from './problem';

/** What one look at everything has given: images, hosts, the cluster as a whole, and what is wrong with any of them. */
export interface Seen {
  readonly images: readonly ImageFacts[];
  /** Of the hosts of the spec, and of those that leave. */
  readonly facts: readonly HostFacts[];
  /** Absent when no control plane answers. */
  readonly cluster?: ClusterFacts;
  readonly problems: readonly Problem[];
  /** Of a cluster that was made no control plane is there any more. */
  readonly lost?: Lost;
}
