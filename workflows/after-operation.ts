import { isCancellation, log, patched } from '@temporalio/workflow';
import type { ScheduleInput } from '../activities/schedule';
import { controlPlanes, targetOf } from '../domain/cluster';
import type { EntityState } from '../domain/entity';
import { type ScheduleKind, type Schedules, wantedSchedule } from '../domain/schedule';
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

/** Makes the schedules of the cluster what its policy says. Gives what is set now: where it failed, what was set before. */
export async function settleSchedules(state: EntityState): Promise<Schedules> {
  const driftEveryMs = await settle(state, 'drift', state.driftEveryMs);
  // An entity that rests may have begun its run when `snapshots.every` was not acted on.
  const snapshotsEveryMs = wantedSchedule(state, 'snapshots') === state.snapshotsEveryMs || patched('snapshots-by-schedule')
    ? await settle(state, 'snapshots', state.snapshotsEveryMs) : state.snapshotsEveryMs;
  return { driftEveryMs, snapshotsEveryMs };
}

const verbs = {
  drift: (summary: string, input: ScheduleInput) => on.keep.setDriftSchedule.executeWithOptions({ summary }, [input]),
  snapshots: (summary: string, input: ScheduleInput) => on.keep.setSnapshotSchedule.executeWithOptions({ summary }, [input]),
};
const titles = { drift: 'look for drift', snapshots: 'snapshots of etcd' } as const;

async function settle(state: EntityState, kind: ScheduleKind, before: number | undefined): Promise<number | undefined> {
  const everyMs = wantedSchedule(state, kind);
  if (everyMs === before) return everyMs;
  const input = { cluster: state.name, ...(everyMs === undefined ? {} : { everyMs }) };
  const done = await quietly(`the schedule (${titles[kind]}) is not as the policy says`, () =>
    verbs[kind](`${everyMs === undefined ? 'No schedule' : 'Schedule'}: ${titles[kind]}`, input));
  return done ? everyMs : before;
}
