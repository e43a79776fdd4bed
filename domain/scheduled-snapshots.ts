import { snapshotName } from './commands/etcd-snapshots';
import type { EntityState } from './entity';
import type { Schedules } from './schedule';
import { setCondition } from './status';

/** What has come of a snapshot that the schedule wanted. */
export interface SnapshotReport {
  readonly cluster: string;
  readonly at: string;
  /** Name and size of what was taken; or why there is none. */
  readonly message: string;
  readonly taken: boolean;
  /** Control planes without a copy, and why. */
  readonly missing: readonly string[];
  /** None was tried, and why: an operation runs, or somebody holds the cluster still. */
  readonly skipped?: string;
}

const type = 'SnapshotsTaken';

/** The name by which a snapshot of the schedule is known from those of people and upgrades: each kind is kept for itself. */
export const scheduledName = (at: string): string => snapshotName(at, 'scheduled');

/** The state after it: a condition that says which snapshot is the newest, or why there is none. */
export function observeSnapshot(state: EntityState, { message, taken, missing, skipped }: SnapshotReport, now: string): EntityState {
  if (skipped !== undefined || state.retired) return state;
  const condition = {
    type, status: taken ? 'True' as const : 'False' as const, reason: !taken ? 'SnapshotFailed' : missing.length > 0 ? 'CopiesMissing' : 'Taken',
    message: [message, ...missing.map((one) => `no copy on ${one}`)].join('\n').slice(0, 2_000), observedGeneration: state.desired?.generation ?? 1,
  };
  return { ...state, current: { ...state.current, conditions: setCondition(state.current.conditions, condition, now) } };
}

/** The state with the schedules that are set now; a condition that nobody keeps true any more goes. */
export function withSchedules(state: EntityState, schedules: Schedules): EntityState {
  const { conditions } = state.current;
  const stale = schedules.snapshotsEveryMs === undefined && conditions.some((one) => one.type === type);
  return { ...state, ...schedules, ...(stale ? { current: { ...state.current, conditions: conditions.filter((one) => one.type !== type) } } : {}) };
}
