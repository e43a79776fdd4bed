import type { HostTarget } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import type { Where } from '../domain/where';

/** What every activity gets that works on one host of a cluster. */
export interface HostInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** As much of the cluster as activities need; never the whole spec. */
  readonly cluster: ClusterSlice;
}
