import type { ClusterSpec } from './cluster';
import type { EntityState, EntityView } from './entity';

/** What Temporal does for a cluster by itself, by the names of the Policy's settings. */
export type ScheduleKind = 'drift' | 'snapshots';

/** How often the schedules that were made start their work; absent: there is none. */
export type Schedules = Pick<EntityState, 'driftEveryMs' | 'snapshotsEveryMs'>;

/** How often a cluster's Policy wants this; undefined: there shall be no schedule. */
export const wantedSchedule = ({ retired, desired, current }: EntityState, kind: ScheduleKind): number | undefined =>
  (retired || !current.created ? undefined : desired?.spec.policy[kind].everyMs);

/** Why nothing is done now of what a schedule has started; undefined: the cluster was made, rests, and nobody holds it still. */
export function restless(cluster: string, known: { readonly spec?: ClusterSpec; readonly view: EntityView } | undefined): string | undefined {
  if (!known?.spec) return `there is no cluster ${cluster}`;
  const { running, created, paused } = known.view;
  if (running) return `${running.operation} of ${running.by} runs`;
  if (paused) return `it is paused by ${paused.by}`;
  return created ? undefined : 'the cluster was not made yet';
}
