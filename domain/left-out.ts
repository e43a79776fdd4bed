import type { ClusterSpec } from './cluster';
import type { Plan } from './plan';
import { isTrim, type PlanJob } from './plan-job';
import type { Seen } from './seen';
import type { StageEvent } from './status';
import { unwhole, wholeInput, wholeWords } from './whole';

/** What was left out of an operation: single jobs, and workers with all that remained to be done on them. */
export interface LeftOut {
  readonly jobs: readonly string[];
  readonly hosts: readonly string[];
}

export const nothingLeftOut: LeftOut = { jobs: [], hosts: [] };

/** A skipped command of an image is one job; anything else sets its worker aside. */
export function leaveOut(before: LeftOut, skipped: readonly Pick<PlanJob, 'id' | 'stage' | 'host'>[]): LeftOut {
  const hosts = skipped.flatMap(({ stage, host }) => (stage !== 'RunGuest' && host ? [host] : []));
  const jobs = skipped.flatMap(({ stage, id }) => (stage === 'RunGuest' ? [id] : []));
  return { jobs: [...new Set([...before.jobs, ...jobs])], hosts: [...new Set([...before.hosts, ...hosts])] };
}

const isLeftOut = ({ jobs, hosts }: LeftOut, { id, host }: Pick<PlanJob, 'id' | 'host'>): boolean =>
  jobs.includes(id) || (host !== undefined && hosts.includes(host));

/**
 * The jobs of a plan that are left out. Where one of them is an upgrade, the former version's images stay as well: that host still
 * pulls them.
 */
export function leftOutOf<T extends Pick<PlanJob, 'id' | 'host' | 'stage'>>(jobs: readonly T[], leftOut: LeftOut): ReadonlySet<T> {
  const out = jobs.filter((job) => isLeftOut(leftOut, job));
  return new Set(out.some(({ stage }) => stage === 'Upgrade') ? [...out, ...jobs.filter(isTrim)] : out);
}

/** Whether a job of a status is work of the plan, or was left out of it. */
export const isPlanned = ({ jobs }: Plan, leftOut: LeftOut) => ({ stage, host, subject }: Pick<StageEvent, 'stage' | 'host' | 'subject'>): boolean => {
  const id = [stage, host, subject].filter(Boolean).join('/');
  return jobs.some((one) => one.id === id || (one.stage === stage && one.id === stage)) || isLeftOut(leftOut, { id, ...(host === undefined ? {} : { host }) });
};

interface Around {
  readonly spec: ClusterSpec;
  readonly seen: Seen;
  readonly leftOut: LeftOut;
}

/** A plan without what a person has left out; its hash is that of the whole. Nothing but the last check is work only where the rest is not whole. */
export function planWithout(plan: Plan, { spec, seen, leftOut }: Around): Plan {
  const out = leftOutOf(plan.jobs, leftOut);
  const jobs = plan.jobs.filter((job) => !out.has(job));
  if (jobs.length === plan.jobs.length || jobs.some(({ host, stage }) => host !== undefined && stage !== 'PostProcess')) return { ...plan, jobs };
  const absent = [...plan.absent, ...leftOut.hosts];
  const whole = seen.cluster && unwhole(wholeInput(spec, { version: plan.version, absent }, seen.images), seen.cluster).length === 0;
  return { ...plan, jobs: whole ? [] : jobs.filter(({ stage }) => stage === 'PostProcess') };
}

/** What is wrong with a host that was left out speaks against nothing. */
export const seenWithout = (seen: Seen, { hosts }: LeftOut): Seen => ({ ...seen, problems: seen.problems.filter(({ host }) => !host || !hosts.includes(host)) });

/** How an operation ends that has nothing left to do: Ready, or why the cluster is not all that was wanted. */
export function endingOf(plan: Plan, { spec, seen: { cluster, images }, leftOut }: Around): { readonly reason: 'Ready' | 'Skipped' | 'HostUnreachable'; readonly message: string } {
  const absent = [...plan.absent, ...leftOut.hosts];
  const out = [...leftOut.hosts, ...leftOut.jobs];
  const message = [
    cluster ? wholeWords(wholeInput(spec, { ...plan, absent }, images), cluster) : 'nothing to do',
    ...(plan.absent.length > 0 ? [`cannot be reached, left out: ${plan.absent.join(', ')}`] : []), ...(out.length > 0 ? [`left out: ${out.join(', ')}`] : []),
  ].join('; ');
  return { reason: out.length > 0 ? 'Skipped' : plan.absent.length > 0 ? 'HostUnreachable' : 'Ready', message };
}
