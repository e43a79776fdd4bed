import { whereOf } from '../../domain/where';
import type { Stage } from '../stage';
import { summaryOf, targetFor, wholeSlice } from '../work';

/** The cluster as an observer sees it: every Node there, at its version and Ready; etcd's members are the control planes. */
export const postProcess: Stage = {
  name: 'PostProcess',
  run: async ({ job, plan, work }) => {
    await work.on.change.verifyCluster.executeWithOptions(
      { summary: summaryOf(work, job), activityId: job.id },
      [{ where: whereOf(work, job.stage), host: targetFor(work, plan.leader), cluster: wholeSlice(work, plan), absent: [...plan.absent, ...work.leftOut()] }],
    );
  },
};
