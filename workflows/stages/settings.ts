import type { SettingsPart } from '../../domain/settings';
import type { On } from '../on';
import type { Stage } from '../stage';
import { hostInput, presentControlPlanes, summaryOf, targetFor } from '../work';

/** Who changes which part of a host. */
const verbs = {
  kubelet: ({ change }: On) => change.applyKubeletSettings,
  'control-plane': ({ change }: On) => change.applyControlPlaneSettings,
} satisfies Record<Exclude<SettingsPart, 'kube-proxy'>, (on: On) => unknown>;

/** What runs gets the settings that the Clusterfile says now: the leader, the other control planes one by one, then workers (domain/gates.ts). */
export const settings: Stage = {
  name: 'Settings',
  run: async ({ job, plan, work }) => {
    const input = { ...hostInput(work, plan, job), leader: targetFor(work, plan.leader) };
    const options = { summary: summaryOf(work, job), activityId: job.id };
    if (job.part === 'kube-proxy') return work.on.change.applyKubeProxySettings.executeWithOptions(options, [{ ...input, controlPlanes: presentControlPlanes(work, plan) }]);
    if (job.part === 'node') {
      const { where, host, leader } = input;
      return work.on.change.applyNodeSettings.executeWithOptions(options, [{ where, host, leader }]);
    }
    await verbs[job.part ?? 'kubelet'](work.on).executeWithOptions(options, [input]);
  },
};
