import type { ClusterRecord, Desired, EntityState, OperationResult } from './entity';
import { noted } from './hands';
import type { Progress } from './progress';
import type { Condition } from './status';

/** Why an operation has refused its own plan before the first change: the plan is unsafe, or the cluster lost, or the plan another one than was asked for; or hosts or images are not fit for it. */
export type Refusal = 'UnsafePlan' | 'ClusterLost' | 'StalePlan' | 'PreflightFailed';

/** What was wanted and known before the spec was admitted that an operation works for. */
export interface Former {
  readonly desired?: Desired;
  readonly current: ClusterRecord;
}

/** What a request takes the place of, as the state has it before the request is admitted. */
export const formerOf = ({ desired, current }: EntityState): Former => ({ current, ...(desired ? { desired } : {}) });

/**
 * The state after an operation that has refused its own plan before the first change: what was wanted before is wanted
 * again, and what was known of the cluster still holds, as if the request had been refused at the door. Who was refused
 * and why is on record; the log of what was done to the cluster has no line of it. A spec that was wanted before and is
 * unsafe now tells of the cluster, not of the request: that is kept. One whose hosts are not fit yet stays wanted.
 */
export function takenBack(state: EntityState, former: Former, { refused, message }: OperationResult, { by, operation, at }: { by: string; operation: string; at: string }): EntityState {
  const { desired, ...rest } = state;
  const same = desired?.digest === former.desired?.digest;
  const unfit = refused === 'PreflightFailed';
  if (unfit && !(same && former.current.created)) return state;
  const tells = (refused === 'UnsafePlan' || refused === 'ClusterLost') && same;
  const log = tells ? state.log : state.log.filter((line) => line.operation !== operation);
  return noted(
    { ...rest, log, ...(former.desired ? { desired: former.desired } : {}), current: tells || unfit ? state.current : former.current },
    { at, by, what: 'refused', operation, note: `${refused ?? ''}: ${message}`.slice(0, 500) },
  );
}

/**
 * Whether a person has said no to the plan of an operation that was cancelled: it waited for leave, and nothing was done. What it
 * was asked for is wanted no more then. One that made way for a reset was not declined.
 */
export const isDeclined = ({ former, next }: EntityState, ended: Progress['ended']): boolean =>
  ended?.untouched === true && former !== undefined && next === undefined;

/** Of a plan that was declined, for people. */
export const declinedWords = 'nothing was changed, and what was wanted before is wanted again';

/** The state after a plan that was declined: what was wanted and known before. That it was asked for, and by whom ended, stays on record. */
export function asBefore(state: EntityState, { desired, current }: Former): EntityState {
  const { desired: _declined, ...rest } = state;
  return { ...rest, current, ...(desired ? { desired } : {}) };
}

/** What is known of a cluster that was made, after a check that has refused to touch it: the check's word is new, and the cluster is no other than before. */
export function asItWas(after: ClusterRecord, before: ClusterRecord): ClusterRecord {
  if (!before.created) return after;
  const { phase: _phase, ...rest } = after;
  const ofTheCluster = ({ type }: Condition): boolean => type === 'Ready' || type === 'ApplyClusterSuccess';
  return {
    ...rest, ...(before.phase ? { phase: before.phase } : {}),
    conditions: [...after.conditions.filter((one) => !ofTheCluster(one)), ...before.conditions.filter(ofTheCluster)],
  };
}
