import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/** Whether the host only has to be told where registry and API are now; domain/plan-jobs.ts names such a job. */
const isPrepared = ({ id }: { readonly id: string }): boolean => id.endsWith('/names');

/** Check script, hosts entries, container runtime, init scripts, kubelet. */
export const bootstrap: Stage = {
  name: 'Bootstrap',
  run: async ({ job, plan, work }) => {
    const { change } = work.on;
    await (isPrepared(job) ? change.pointHost : change.bootstrapHost).executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [hostInput(work, plan, job)]);
  },
};
