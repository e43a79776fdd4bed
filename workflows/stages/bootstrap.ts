import { isNames } from '../../domain/plan-job';
import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/** Check script, hosts entries, container runtime, init scripts, kubelet. */
export const bootstrap: Stage = {
  name: 'Bootstrap',
  run: async ({ job, plan, work }) => {
    const { change } = work.on;
    await (isNames(job) ? change.pointHost : change.bootstrapHost).executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [hostInput(work, plan, job)]);
  },
};
