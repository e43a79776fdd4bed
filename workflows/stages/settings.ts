import type { SettingsPart } from '../../domain/settings';
import type { On } from '../on';
import type { Stage } from '../stage';
import { hostInput, summaryOf, targetFor } from '../work';

/** Who changes which part. */
const verbs = {
  kubelet: ({ change }: On) => change.applyKubeletSettings,
} satisfies Record<SettingsPart, (on: On) => unknown>;

/** What runs gets the settings that the Clusterfile says now: the leader, the other control planes one by one, then workers (domain/gates.ts). */
export const settings: Stage = {
  name: 'Settings',
  run: async ({ job, plan, work }) => {
    const input = { ...hostInput(work, plan, job), leader: targetFor(work, plan.leader) };
    await verbs[job.part ?? 'kubelet'](work.on).executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [input]);
  },
};
