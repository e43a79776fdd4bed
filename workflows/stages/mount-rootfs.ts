import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/** Every host gets every file it needs, by digest; only what is missing travels. */
export const mountRootfs: Stage = {
  name: 'MountRootfs',
  run: async ({ job, plan, work }) => {
    await work.on.transfer.mountRootfs.executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [hostInput(work, plan, job)]);
  },
};
