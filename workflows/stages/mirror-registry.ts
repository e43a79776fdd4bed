import { isTrim } from '../../domain/plan-job';
import type { Stage } from '../stage';
import { hostInput, summaryOf } from '../work';

/**
 * The cluster registry holds and serves every container image of the images, before anybody pulls; while an upgrade lasts also
 * those of the former version, until its last job here takes them away.
 */
export const mirrorRegistry: Stage = {
  name: 'MirrorRegistry',
  run: async ({ job, plan, work }) => {
    const { cluster: { upgrading, ...cluster }, ...input } = hostInput(work, plan, job);
    await work.on.transfer.mirrorRegistry.executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [{ ...input, cluster: { ...cluster, ...(upgrading && !isTrim(job) ? { upgrading } : {}) } }]);
  },
};
