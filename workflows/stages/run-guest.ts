import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/** The image's ENTRYPOINT and CMD, one command at a time, each with its own exit code. */
export const runGuest: Stage = {
  name: 'RunGuest',
  run: async ({ job, plan, work }) => {
    const input = { ...hostInput(work, plan, job), image: job.image ?? '', force: work.force };
    await work.on.change.runGuest.executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [input]);
  },
};
