import type { EntityState } from './entity';
import type { ClusterError } from './errors';
import { otherPlanWords } from './plan';
import { busy, refused } from './refusals';
import { openOperation } from './requests';

/** Whether this operation runs, or is about to. */
export const isOpen = (state: EntityState, operation: string): boolean => openOperation(state) === operation;

/** Whether it is known if a request for one very plan attaches to this operation: its plan is known, it is over, or nothing goes on. */
export const canTell = (state: EntityState, operation: string): boolean =>
  !isOpen(state, operation) || state.running?.planHash !== undefined || state.paused !== undefined;

/** Why a request for one very plan does not attach to the operation that runs; undefined when it does. One that is over tells by its end. */
export function refuseAttach(state: EntityState, operation: string, planHash: string): ClusterError | undefined {
  if (!isOpen(state, operation)) return undefined;
  const runs = state.running?.planHash;
  if (runs === undefined) return refused('ClusterBusy', `cluster ${state.name} is busy: ${busy(state)}; it is paused, and has no plan yet that could be the one that was asked for`);
  return runs.startsWith(planHash) ? undefined : refused('StalePlan', otherPlanWords(planHash, { operation, by: state.running?.by ?? '', hash: runs }));
}

/** The plan that runs is asked for anew: what was told of it is not known any more. */
export function withoutPlan(state: EntityState): EntityState {
  if (!state.running) return state;
  const { planHash: _told, ...running } = state.running;
  return { ...state, running };
}

/** A request that was refused after all has no answer that could be given again. */
export const unanswered = (state: EntityState, requestId: string): EntityState =>
  ({ ...state, recent: state.recent.filter((one) => one.requestId !== requestId) });
