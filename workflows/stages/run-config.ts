import { whereOf } from '../../domain/where';
import type { Stage } from '../stage';
import { clusterSlice, summaryOf } from '../work';

/** Merges Config documents and kubeadm documents once for all hosts, so that a mistake shows before a host is touched. */
export const runConfig: Stage = {
  name: 'RunConfig',
  run: async ({ job, plan, work }) => {
    const hosts = work.spec.hosts.map(({ id, env, roles }) => ({ id, env, roles }));
    await work.on.probe.runConfig.executeWithOptions(
      { summary: summaryOf(work, job), activityId: job.id },
      [{ where: whereOf(work, job.stage), cluster: clusterSlice(work, plan), hosts }],
    );
  },
};
