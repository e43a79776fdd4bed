import { CancellationScope } from '@temporalio/workflow';
import { workers } from '../domain/cluster';
import type { Plan } from '../domain/plan';
import type { LeftOut } from '../domain/skip-rules';
import type { JobState } from '../domain/status';
import { unavailableAtOnce } from '../domain/upgrade';
import type { Decisions } from './decisions';
import { explain } from './explain';
import { finishing } from './finishing';
import type { Answer } from './park';
import { again, type Failure, leave, type Report, runJobs } from './run-jobs';
import { stages } from './stages';
import type { Stage } from './stage';
import { isMaster, type Work } from './work';

export interface Performing {
  readonly plan: Plan;
  readonly work: Work;
  readonly report: Report;
  readonly decisions: Decisions;
  /** Parks until somebody says how it goes on. */
  mended(failures: readonly Failure[]): Promise<Answer>;
  leftOut(): LeftOut;
}

/**
 * Runs the plan; parks while something has failed, then goes on with what is not done. False: what is wanted has changed,
 * so the plan has to be made anew.
 */
export async function perform({ plan, work, report, decisions, mended, leftOut }: Performing): Promise<boolean> {
  const states = new Map<string, JobState>();
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
      isControlPlane: (id) => isMaster(work, id),
      isEarly: ({ image }) => early.has(image ?? ''),
      perform: (job) => {
        const stage: Stage | undefined = stages.find(({ name }) => name === job.stage);
        if (!stage) throw new Error(`no stage ${job.stage}`);
        return finishing(stage.finishesWithinMs, () => stage.run({ job, plan, work }));
      },
    }));
    if (open.length === 0) return true;
    const answer = await mended(open);
    if (answer.decision === 'amend') return false;
    if (answer.decision === 'skip') {
      leave(states, plan, leftOut(), report);
      open = open.filter(({ job }) => states.get(job.id) !== 'skipped');
      again(states, () => false);
    } else {
      const host = answer.decision === 'retry' ? answer.host : undefined;
      again(states, (job) => host === undefined || job.split('/')[1] === host);
      open = host === undefined ? [] : open.filter(({ job }) => job.host !== host);
    }
  }
}
