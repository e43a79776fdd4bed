import type { Plan } from './plan';
import type { PlanJob } from './plan-job';
import type { OperationStatus } from './status';

/**
 * The plan with the commands that run although they ran before (`forced` has them all), as long as this operation has not run
 * them itself: whatever makes it plan anew, each runs once more and no more. Nobody is asked about them.
 */
export function onceMore(plain: Plan, forced: Plan, { stages }: Pick<OperationStatus, 'stages'>): Plan {
  const ran = new Set(stages.flatMap(({ name, jobs }) => jobs.filter(({ state }) => state === 'done').map(({ host, subject }) => [name, host, subject].filter(Boolean).join('/'))));
  const extra = (job: PlanJob): boolean => job.stage === 'RunGuest' && !plain.jobs.some(({ id }) => id === job.id);
  const jobs = forced.jobs.filter((job) => !(extra(job) && ran.has(job.id)));
  return jobs.some(extra) ? { ...forced, jobs } : { ...plain, approvals: forced.approvals };
}
