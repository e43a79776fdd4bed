import { controlPlanes } from '../../domain/cluster';
import { snapshotName } from '../../domain/commands/etcd';
import type { Plan, PlanJob } from '../../domain/plan';
import type { Stage } from '../stage';
import { hostInput, summaryOf, targetFor, type Work, whereOf } from '../work';

/**
 * Another Kubernetes version: a snapshot of etcd, the leader, the other control planes one by one, then workers, so many at
 * once as the Policy says (domain/gates.ts).
 */
export const upgrade: Stage = {
  name: 'Upgrade',
  run: async ({ job, plan, work }) => {
    if (job.id.endsWith('/snapshot')) return snapshot(job, plan, work);
    const input = { ...hostInput(work, plan, job), leader: targetFor(work, plan.leader), drain: work.spec.policy.drain };
    await work.on.change.upgradeHost.executeWithOptions({ summary: summaryOf(work, job), activityId: job.id }, [input]);
  },
};

/** Through the leader, and a copy on every other control plane that is there: without one nothing is begun. */
async function snapshot(job: PlanJob, plan: Plan, work: Work): Promise<void> {
  const { change } = work.on;
  const where = whereOf(work, job.stage);
  const { keep } = work.spec.policy.snapshots;
  const { name, sha256 } = await change.saveEtcdSnapshot.executeWithOptions(
    { summary: summaryOf(work, job), activityId: job.id },
    [{ where, host: targetFor(work, plan.leader), name: snapshotName(new Date().toISOString(), work.operation), keep }],
  );
  const joins = (id: string): boolean => plan.jobs.some(({ stage, host }) => stage === 'Join' && host === id);
  const others = controlPlanes(work.spec).filter(({ id }) => id !== plan.leader && !plan.absent.includes(id) && !joins(id));
  await Promise.all(others.map(({ id }) => change.putEtcdSnapshot.executeWithOptions(
    { summary: `Snapshot to ${id}`, activityId: `${job.id}/${id}` }, [{ where, host: targetFor(work, id), name, sha256, keep }],
  )));
}
