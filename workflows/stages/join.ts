import { isControlPlane } from '../../domain/cluster';
import { isNodeAgain } from '../../domain/plan-job';
import type { Stage } from '../stage';
import { hostInput, summaryOf, targetFor } from '../work';

/** Each join makes its own short-lived token on the leader and spends it at once; see activities/join.ts. */
export const join: Stage = {
  name: 'Join',
  // etcd may have taken the new member already: one that never comes up would cost the quorum.
  finishesWithinMs: ({ joinEndsMs }) => joinEndsMs ?? 180_000,
  run: async ({ job, plan, work }) => {
    const input = { ...hostInput(work, plan, job), leader: targetFor(work, job.through ?? plan.leader) };
    const options = { summary: summaryOf(work, job), activityId: job.id };
    const { change } = work.on;
    if (isNodeAgain(job)) return change.restoreNode.executeWithOptions(options, [input]);
    await (isControlPlane(input.host) ? change.joinControlPlane : change.joinWorker).executeWithOptions(options, [input]);
  },
};
