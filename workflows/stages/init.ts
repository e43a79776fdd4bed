import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/** `kubeadm init` on the leader, once. */
export const init: Stage = {
  name: 'Init',
  run: async ({ job, plan, work }) => {
    await work.on.change.initControlPlane.executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [hostInput(work, plan, job)]);
  },
};
