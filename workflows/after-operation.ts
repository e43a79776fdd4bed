import { isCancellation, log, patched } from '@temporalio/workflow';
import type { ScheduleInput } from '../activities/schedule';
import { controlPlanes, targetOf } from '../domain/cluster';
import type { EntityState } from '../domain/entity';
import { type ScheduleKind, type Schedules, wantedSchedule } from '../domain/schedule';
import { copyOf, saysTheSame, type StateCopy } from '../domain/state-copy';
import { whereOf } from '../domain/where';
import { on } from './on';

/**
 * Copies of the state on the control planes: with one the cluster comes back under management when the Temporal server is
 * lost. One after another, each of the state as it is then; none while somebody holds the cluster still.
 */
export class Copies {
  private queue: Promise<void> = Promise.resolve();
  private open = 0;
  private last: StateCopy | undefined;

  constructor(private readonly state: () => EntityState) {}

  /** `operation` names the logs. Where nothing of worth has changed since the last one, none is written; `always`: hosts are asked that. */
  async keep(operation: string, { always = false } = {}): Promise<void> {
    this.open += 1;
    this.queue = this.queue.then(async () => {
      const state = this.state();
      // Nothing is asked of any host meanwhile; the end of the pause brings it.
      if (state.paused && patched(afterThePause)) return;
      const copy = state.desired && copyOf(state, state.desired, new Date().toISOString());
      if (!copy || (!always && this.last && saysTheSame(this.last, copy))) return;
      this.last = copy;
      await keepCopies(state, copy, operation);
    }).finally(() => { this.open -= 1; });
    await this.queue;
  }

  /** As `keep`, and nobody waits for it. */
  keepSoon(operation: string): void {
    this.keep(operation).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }

  idle(): boolean {
    return this.open === 0;
  }
}

/** Since this change a pause holds copies, and its end brings them. */
export const afterThePause = 'copies-wait-for-the-end-of-a-pause';
/** Since this change there are copies between operations, and while one waits. */
export const whileItWaits = 'copies-while-it-waits';

/** Side by side, on those that the cluster has changed. A host that is away keeps its older copy; that is no failure of anything. */
async function keepCopies({ uid, n, current }: EntityState, copy: StateCopy, operation: string): Promise<void> {
  const { spec } = copy.desired;
  const hosts = controlPlanes(spec).filter(({ id }) => current.members === undefined || current.members[id] !== undefined);
  await Promise.all(hosts.map((host) => quietly(`no copy of the state on ${host.id}`, () => on.keep.saveState.executeWithOptions(
    { summary: `Copy of the state on ${host.id}` },
    [{ where: whereOf({ spec, uid, n, operation }, 'SaveState'), host: targetOf(spec, host, current.hostKeys[host.id]), copy }],
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
