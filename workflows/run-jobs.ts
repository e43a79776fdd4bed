import { CancelledFailure } from '@temporalio/common';
import type { Plan } from '../domain/plan';
import type { PlanJob } from '../domain/plan-job';
import { type Board, verdict, waitsOn } from '../domain/gates';
import { leftOutOf, type LeftOut } from '../domain/left-out';
import type { JobState, StageEvent } from '../domain/status';
import type { Failure } from '../domain/waits';

export type Report = (event: StageEvent) => void;

export interface Run {
  readonly plan: Plan;
  /** What is known of each job; kept between runs, so that what is done stays done. */
  readonly states: Map<string, JobState>;
  readonly report: Report;
  /** Hosts at once, within one stage; asked again and again, as the policy may change meanwhile. */
  parallel(): number;
  /** Who holds the operation still: nothing is begun then, and what runs goes on to its end. */
  held(): { readonly by: string } | undefined;
  /** Resolves when nobody holds it any more. */
  released(): Promise<void>;
  /** Resolves when the policy has changed, or a pause has begun or ended. */
  changed(): Promise<void>;
  /** Whether somebody has ended the operation: nothing is begun any more. */
  cancelled(): boolean;
  /** Whether the rest is for another run: what runs goes on to its end, and nothing is begun any more. */
  enough?(): boolean;
  isControlPlane(host: string): boolean;
  isEarly(job: PlanJob): boolean;
  /** How many workers may be away for their upgrade at once; asked again and again as well. */
  workersAway?(): number;
  /** Does the job. Rejects with whatever went wrong. */
  perform(job: PlanJob): Promise<void>;
  /** Reads an error; undefined means that the run itself was cancelled. */
  explain(error: unknown): { reason: string; message: string } | undefined;
}

/**
 * Runs all jobs whose gates open, side by side, until nothing moves any more. A host that fails is set aside and the
 * others go on; what failed is returned. Plain promises: the same function runs on fakes in a test and in a workflow.
 */
export async function runJobs(run: Run): Promise<Failure[]> {
  const { plan, states, report } = run;
  const stateOf = (job: PlanJob): JobState => states.get(job.id) ?? 'pending';
  /** Kept count of, as thousands of jobs ask for them after each one that ends. */
  const among = { running: new Set<PlanJob>(), failed: new Set(plan.jobs.filter((job) => stateOf(job) === 'failed')) };
  const board: Board = { jobs: plan.jobs, stateOf, among: (state) => among[state], changes: () => changes, isControlPlane: run.isControlPlane, isEarly: run.isEarly, ...(run.workersAway ? { workersAway: run.workersAway } : {}) };
  const running = new Map<string, Promise<void>>();
  const busy = new Map<string, number>();
  let changes = 0;
  /** What a job waits for first: until that ends there is nothing to be said of it. */
  const blockers = new Map<PlanJob, PlanJob>();
  const isOpen = (job: PlanJob): boolean => stateOf(job) === 'pending' || stateOf(job) === 'waiting';
  let open = plan.jobs.filter(isOpen);
  const failures: Failure[] = [];
  const waitsFor = new Map<string, string>();
  let cancelled: unknown;
  let change: Promise<void> | undefined;

  const set = (job: PlanJob, state: JobState, why: { reason?: string; message?: string } = {}) => {
    states.set(job.id, state);
    if (state !== 'waiting') changes += 1;
    if (state === 'failed') among.failed.add(job);
    report({ stage: job.stage, state, ...(job.host ? { host: job.host } : {}), ...subjectOf(job), ...why });
  };
  const start = async (job: PlanJob): Promise<void> => {
    among.running.add(job);
    busy.set(job.stage, (busy.get(job.stage) ?? 0) + 1);
    set(job, 'running');
    try {
      await run.perform(job);
      set(job, 'done');
    } catch (error) {
      const why = run.explain(error);
      if (why) failures.push({ job, ...why });
      else cancelled = error;
      set(job, 'failed', why ?? { reason: 'Cancelled' });
    } finally {
      among.running.delete(job);
      busy.set(job.stage, (busy.get(job.stage) ?? 1) - 1);
      running.delete(job.id);
    }
  };

  for (;;) {
    const holder = run.held();
    let moved = true;
    while (moved && cancelled === undefined && !run.cancelled() && !run.enough?.()) {
      moved = false;
      const most = run.parallel();
      const crowded = `${most} hosts at once`;
      for (const job of open) {
        const blocker = blockers.get(job);
        if (blocker && (isOpen(blocker) || stateOf(blocker) === 'running')) continue;
        const full = (busy.get(job.stage) ?? 0) >= most;
        if (full && !holder && waitsFor.get(job.id) === crowded) continue;
        const answer = verdict(job, board);
        const first = answer.go ? undefined : waitsOn(job, board);
        if (first) blockers.set(job, first);
        if (answer.go && !full && !holder) {
          running.set(job.id, start(job));
          moved = true;
        } else if (!answer.go && answer.blocked) {
          set(job, 'blocked', { reason: answer.reason });
          moved = true;
        } else {
          const reason = !answer.go ? answer.reason : holder ? `paused by ${holder.by}` : crowded;
          if (stateOf(job) === 'pending' || waitsFor.get(job.id) !== reason) set(job, 'waiting', { reason });
          waitsFor.set(job.id, reason);
        }
      }
      open = open.filter(isOpen);
    }
    // Also where nothing runs: what was held up is to be done when the pause is over.
    const heldUp = holder !== undefined && !run.cancelled() && !run.enough?.() && open.some((job) => waitsFor.get(job.id) === `paused by ${holder.by}` && stateOf(job) === 'waiting');
    if (running.size === 0 && !heldUp) break;
    // One at a time: each is looked at whenever anything happens. A cancel ends it with an error; what runs is waited for then.
    if (!run.cancelled()) change ??= run.changed().catch(() => undefined).finally(() => { change = undefined; });
    const released = heldUp ? [run.released().catch(() => undefined)] : [];
    await Promise.race([...running.values(), ...(run.cancelled() || !change ? [] : [change]), ...released]);
  }
  if (cancelled !== undefined) throw cancelled as Error;
  if (run.cancelled()) throw new CancelledFailure('cancelled');
  return failures;
}

/** Failed jobs get another chance where they are meant, and so does all that was blocked; what is done stays done. */
export function again(states: Map<string, JobState>, meant: (id: string) => boolean = () => true): void {
  for (const [id, state] of states) {
    if (state === 'done' || state === 'skipped') continue;
    if (state !== 'failed' || meant(id)) states.set(id, 'pending');
  }
}

/** What is left out is not done, and nothing waits for it. */
export function leave(states: Map<string, JobState>, plan: Plan, leftOut: LeftOut, report: Report = () => undefined): void {
  for (const job of leftOutOf(plan.jobs, leftOut)) {
    if (states.get(job.id) === 'done' || states.get(job.id) === 'skipped') continue;
    states.set(job.id, 'skipped');
    report({ stage: job.stage, state: 'skipped', ...(job.host ? { host: job.host } : {}), ...subjectOf(job) });
  }
}

/** Several jobs of one stage on one host are told apart by what follows the host in their id. */
export const subjectOf = (job: PlanJob): { subject?: string } => {
  const subject = job.id.split('/').slice(2).join('/');
  return subject === '' ? {} : { subject };
};
