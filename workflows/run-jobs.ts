import { CancelledFailure } from '@temporalio/common';
import type { Plan, PlanJob } from '../domain/plan';
import { type Board, verdict } from '../domain/gates';
import { leftOutOf, type LeftOut } from '../domain/skip-rules';
import type { JobState, StageEvent } from '../domain/status';

export type Report = (event: StageEvent) => void;

export interface Failure {
  readonly job: PlanJob;
  readonly reason: string;
  readonly message: string;
}

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
  const board: Board = { jobs: plan.jobs, stateOf, isControlPlane: run.isControlPlane, isEarly: run.isEarly, ...(run.workersAway ? { workersAway: run.workersAway } : {}) };
  const running = new Map<string, Promise<void>>();
  const failures: Failure[] = [];
  const waitsFor = new Map<string, string>();
  let cancelled: unknown;
  let change: Promise<void> | undefined;

  const set = (job: PlanJob, state: JobState, why: { reason?: string; message?: string } = {}) => {
    states.set(job.id, state);
    report({ stage: job.stage, state, ...(job.host ? { host: job.host } : {}), ...subjectOf(job), ...why });
  };
  const start = async (job: PlanJob): Promise<void> => {
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
      running.delete(job.id);
    }
  };

  for (;;) {
    const holder = run.held();
    let moved = true;
    while (moved && cancelled === undefined && !run.cancelled()) {
      moved = false;
      for (const job of plan.jobs) {
        if (!['pending', 'waiting'].includes(stateOf(job))) continue;
        const answer = verdict(job, board);
        const full = plan.jobs.filter((one) => one.stage === job.stage && stateOf(one) === 'running').length >= run.parallel();
        if (answer.go && !full && !holder) {
          running.set(job.id, start(job));
          moved = true;
        } else if (!answer.go && answer.blocked) {
          set(job, 'blocked', { reason: answer.reason });
          moved = true;
        } else {
          const reason = !answer.go ? answer.reason : holder ? `paused by ${holder.by}` : `${run.parallel()} hosts at once`;
          if (stateOf(job) === 'pending' || waitsFor.get(job.id) !== reason) set(job, 'waiting', { reason });
          waitsFor.set(job.id, reason);
        }
      }
    }
    // Also where nothing runs: what was held up is to be done when the pause is over.
    const heldUp = holder !== undefined && !run.cancelled() && plan.jobs.some((job) => waitsFor.get(job.id) === `paused by ${holder.by}` && stateOf(job) === 'waiting');
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
