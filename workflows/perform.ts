import { CancellationScope } from '@temporalio/workflow';
import { workers } from '../domain/cluster';
import type { LeftOut } from '../domain/left-out';
import type { Plan } from '../domain/plan';
import type { JobState } from '../domain/status';
import { unavailableAtOnce } from '../domain/upgrade';
import type { Failure } from '../domain/waits';
import type { Decisions } from './decisions';
import { explain } from './explain';
import { finishing } from './finishing';
import { isLong, isTooLongToLook } from './long-history';
import type { Answer } from './park';
import { again, leave, type Report, runJobs, subjectOf } from './run-jobs';
import { stages } from './stages';
import type { Stage } from './stage';
import { mastersOf, type Work } from './work';

export interface Performing {
  readonly plan: Plan;
  readonly work: Work;
  readonly report: Report;
  readonly decisions: Decisions;
  /** Parks until somebody says how it goes on. */
  mended(failures: readonly Failure[]): Promise<Answer>;
  leftOut(): LeftOut;
  /**
   * Looks at everything anew. Undefined: what is left can be planned anew. Otherwise what stands against that; a host that is named
   * there is not worked on meanwhile.
   */
  lookAgain(): Promise<readonly Failure[] | undefined>;
}

/** How a plan was left: it is done; it has to be made anew, as the hosts are now; the rest is for another run. */
export type Performed = 'done' | 'anew' | 'long';

/**
 * Runs the plan; parks while something has failed. What has failed is tried again by a plan that is made anew. While a host
 * that has failed cannot be worked on, the others go on by the plan that is there: nobody waits for it.
 */
export async function perform({ plan, work, report, decisions, mended, leftOut, lookAgain }: Performing): Promise<Performed> {
  const states = new Map<string, JobState>();
  const masters = mastersOf(work);
  const early = new Set(work.images.filter(({ runAt }) => runAt === 'api-up').map(({ digest }) => digest));
  leave(states, plan, leftOut());
  let open: Failure[] = [];
  for (;;) {
    open.push(...await runJobs({
      plan, states, report, explain,
      parallel: () => decisions.spec().policy.parallel,
      workersAway: () => unavailableAtOnce(decisions.spec().policy.upgrade.maxUnavailable, workers(work.spec).length),
      held: () => decisions.paused(),
      released: () => decisions.released(),
      changed: () => decisions.changed(),
      cancelled: () => CancellationScope.current().consideredCancelled,
      // Amended, during a pause: what is left is not done with what that has corrected.
      enough: () => isLong(decisions.spec()) || decisions.amended(),
      isControlPlane: (id) => masters.has(id),
      isEarly: ({ image }) => early.has(image ?? ''),
      perform: (job) => {
        const stage: Stage | undefined = stages.find(({ name }) => name === job.stage);
        if (!stage) throw new Error(`no stage ${job.stage}`);
        return finishing(stage.finishesWithinMs?.(work.policy()), () => stage.run({ job, plan, work }));
      },
    }));
    if (decisions.amended()) return 'anew';
    // Jobs that could still begin: whoever fails must not hold them up, so what has failed is tried again by that run, too.
    if (isLong(decisions.spec()) && plan.jobs.some(({ id }) => ['pending', 'waiting'].includes(states.get(id) ?? 'pending'))) return 'long';
    if (open.length === 0) return 'done';
    const answer = await mended(open);
    if (answer.decision === 'amend') return 'anew';
    if (answer.decision === 'skip') {
      leave(states, plan, leftOut(), report);
      open = open.filter(({ job }) => states.get(job.id) !== 'skipped');
      again(states, () => false);
    } else if (answer.decision === 'retry' && open.some(({ job }) => job.host !== answer.host) && answer.host !== undefined) {
      const { host } = answer;
      again(states, (id) => id.split('/')[1] === host);
      open = open.filter(({ job }) => job.host !== host);
    } else {
      if (isTooLongToLook(decisions.spec())) return 'long';
      const against = await lookAgain();
      if (!against) return 'anew';
      open = open.flatMap(({ job }) => against.filter((one) => one.job.host === job.host && job.host !== undefined).slice(0, 1).map((why) => ({ ...why, job })));
      for (const { job, reason, message } of open) report({ stage: job.stage, state: 'failed', ...(job.host ? { host: job.host } : {}), ...subjectOf(job), reason, message });
      again(states, (id) => !open.some(({ job }) => job.id === id));
    }
  }
}
