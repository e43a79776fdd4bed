import { snapshotName } from '../../domain/commands/etcd-snapshots';
import type { Plan } from '../../domain/plan';
import type { PlanJob } from '../../domain/plan-job';
import { whereOf } from '../../domain/where';
import type { Stage } from '../stage';
import { hostInput, presentControlPlanes, summaryOf, targetFor, type Work } from '../work';

/**
 * Another Kubernetes version: a snapshot of etcd, the leader, the other control planes one by one, then workers, so many at
 * once as the Policy says (domain/gates.ts).
 */
export const upgrade: Stage = {
  name: 'Upgrade',
  run: async ({ job, plan, work }) => {
    if (job.id.endsWith('/snapshot')) return snapshot(job, plan, work);
    const options = { summary: summaryOf(work, job), activityId: job.id };
    if (job.id.endsWith('/addons')) return work.on.change.upgradeAddons.executeWithOptions(options, [hostInput(work, plan, job)]);
    const input = { ...hostInput(work, plan, job), leader: targetFor(work, plan.leader), drain: work.policy().drain };
    await work.on.change.upgradeHost.executeWithOptions(options, [input]);
  },
};

/** Through the leader, and a copy on every other control plane that is there: without one nothing is begun. */
async function snapshot(job: PlanJob, plan: Plan, work: Work): Promise<void> {
  const { change } = work.on;
  const where = whereOf(work, job.stage);
  const { keep } = work.policy().snapshots;
  const { name, sha256 } = await change.saveEtcdSnapshot.executeWithOptions(
    { summary: summaryOf(work, job), activityId: job.id },
    [{ where, host: targetFor(work, plan.leader), name: snapshotName(new Date().toISOString(), work.operation), keep }],
  );
  const others = presentControlPlanes(work, plan).filter(({ id }) => id !== plan.leader);
  await Promise.all(others.map((host) => change.putEtcdSnapshot.executeWithOptions(
    { summary: `Snapshot to ${host.id}`, activityId: `${job.id}/${host.id}` }, [{ where, host, name, sha256, keep }],
  )));
}
