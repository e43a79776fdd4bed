import type { ClusterRecord, Desired, EntityState, OperationResult } from './entity';
import { noted } from './hands';

/** What was wanted and known before the spec was admitted that an operation works for. */
export interface Former {
  readonly desired?: Desired;
  readonly current: ClusterRecord;
}

export const formerOf = ({ desired, current }: EntityState): Former => ({ current, ...(desired ? { desired } : {}) });

/**
 * The state after an operation that has refused its own plan before the first change: what was wanted before is wanted
 * again, and what was known of the cluster still holds, as if the request had been refused at the door; who was refused
 * and why is on record. A spec that was wanted before and is unsafe now tells of the cluster, not of the request: that is kept.
 */
export function takenBack(state: EntityState, former: Former, { refused, message }: OperationResult, { by, operation, at }: { by: string; operation: string; at: string }): EntityState {
  const { desired, ...rest } = state;
  const tells = refused === 'UnsafePlan' && desired?.digest === former.desired?.digest;
  return noted(
    { ...rest, ...(former.desired ? { desired: former.desired } : {}), current: tells ? state.current : former.current },
    { at, by, what: 'refused', operation, note: `${refused ?? ''}: ${message}`.slice(0, 500) },
  );
}
