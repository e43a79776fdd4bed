import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/** The cluster registry holds and serves every container image of the images, before anybody pulls. */
export const mirrorRegistry: Stage = {
  name: 'MirrorRegistry',
  run: async ({ job, plan, work }) => {
    await work.on.transfer.mirrorRegistry.executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [hostInput(work, plan, job)]);
  },
};
