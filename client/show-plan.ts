import { type Plan, refusalOf } from '../domain/plan';
import type { PlanJob } from '../domain/plan-job';
import { formatProblems } from '../domain/problem';
import { exitCodeOfType, exitCodes } from './exit-codes';

/** Prints a plan. Gives what the apply of it would exit with when its problems refuse it, 10 when there are changes and --exit-code asks, else 0. */
export function showPlan(plan: Plan, { json = false, exitCode = false }: { json?: boolean; exitCode?: boolean }): number {
  if (json) console.log(JSON.stringify(plan, undefined, 2));
  else for (const line of renderPlan(plan)) console.log(line);
  const refused = refusalOf(plan, undefined);
  if (refused) return exitCodeOfType(refused.type);
  return exitCode && plan.jobs.length > 0 ? exitCodes.changes : exitCodes.done;
}

/** A plan for people: each stage with its hosts and why, then what is wrong. */
export function renderPlan(plan: Plan): string[] {
  const { cluster, version, leader, jobs, problems, images, approvals } = plan;
  const stages = [...new Set(jobs.map(({ stage }) => stage))];
  const refused = problems.some(({ severity }) => severity === 'error');
  return [
    `${cluster}: Kubernetes ${version || 'unknown'}${leader ? `, leader ${leader}` : ''}`,
    ...images.map(({ ref, kind, digest }) => `  ${kind.padEnd(12)}${ref}  ${digest.slice(0, 19)}`),
    ...(plan.anew ? ['nothing of the cluster is on its hosts: all that was known of it is forgotten, and it is made anew'] : []),
    ...(problems.length > 0 ? [formatProblems(problems)] : []),
    ...stages.flatMap((stage) => [stage, ...jobs.filter((job) => job.stage === stage).flatMap(renderJob)]),
    // What an image takes the place of stands in no job.
    ...approvals.map(({ kind, reason }) => `needs approval (Policy, approve.${kind}): ${kind === 'override' ? `${reason}; ` : ''}keelson approve, or --yes`),
    refused ? 'refused: nothing would be done' : jobs.length === 0 ? 'nothing to do' : `${jobs.length} job${jobs.length === 1 ? '' : 's'} on ${new Set(jobs.flatMap(({ host }) => host ?? [])).size} hosts; plan ${plan.hash.slice(0, 12)}`,
  ];
}

const renderJob = ({ host, reason, pointOfNoReturn }: PlanJob): string[] => [
  `  ${(host ?? '-').padEnd(18)}${reason}`,
  ...(pointOfNoReturn ? [`  ${''.padEnd(18)}point of no return: ${pointOfNoReturn}`] : []),
];
