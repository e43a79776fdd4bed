import { isCancellation, log } from '@temporalio/workflow';
import { controlPlanes, targetOf } from '../domain/cluster';
import { wantedSchedule } from '../domain/drift/observed';
import type { EntityState } from '../domain/entity';
import { copyOf } from '../domain/state-copy';
import { on } from './on';

/**
 * Leaves a copy of the state on every control plane, side by side: with it the cluster comes back under management when the
 * Temporal server is lost. A host that is away keeps its older copy; that is no failure of the operation.
 */
export async function keepCopies(state: EntityState, operation: string): Promise<void> {
  const { desired, name, uid, n, current } = state;
  if (!desired) return;
  const copy = copyOf(state, desired, new Date().toISOString());
  await Promise.all(controlPlanes(desired.spec).map((host) => quietly(`no copy of the state on ${host.id}`, () => on.keep.saveState.executeWithOptions(
    { summary: `Copy of the state on ${host.id}` },
    [{ where: { cluster: name, uid, n, operation, stage: 'SaveState' }, host: targetOf(desired.spec, host, current.hostKeys[host.id]), copy }],
  ))));
}

async function quietly(what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(what, { error });
    return false;
  }
}

/** Makes the schedule of the look for drift what the policy says. Gives what is set now: where it failed, what was set before. */
export async function settleSchedule(state: EntityState): Promise<number | undefined> {
  const everyMs = wantedSchedule(state);
  if (everyMs === state.driftEveryMs) return everyMs;
  const input = { cluster: state.name, ...(everyMs === undefined ? {} : { everyMs }) };
  const done = await quietly('the schedule of the look for drift is not as the policy says', () => on.keep.setDriftSchedule.executeWithOptions({ summary: everyMs === undefined ? 'No look for drift' : 'Schedule of the look for drift' }, [input]));
  return done ? everyMs : state.driftEveryMs;
}
