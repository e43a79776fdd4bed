import type { Asked } from './approval';
import { lookMs, unwatched } from './changed-facts';
import type { ClusterSpec } from './cluster';
import { isRetryable } from './errors';
import type { Plan } from './plan';
import type { PlanJob } from './plan-job';
import type { Problem } from './problem';
import { type SkipFacts, waitingJob } from './skip-rules';
import { someOf } from './some-of';
import type { Waiting } from './status';

/** A job that has failed, and why: an error type, and words for people. */
export interface Failure {
  readonly job: PlanJob;
  readonly reason: string;
  readonly message: string;
}

/** All failures in one line. */
export const failureWords = (failures: readonly Failure[]): string =>
  someOf(failures, ({ job, message }) => `${job.stage}${job.host ? ` on ${job.host}` : ''}: ${message}`, '; ');

/** What a later look has found to be wrong, as a failure: work was done since the first one, so it is waited for. */
export const failureOfLook = ({ type, host, where, message }: Problem): Failure =>
  ({ job: { id: `Check/${host ?? where ?? ''}`, stage: 'Check', reason: 'the look after the work', ...(host ? { host } : {}) }, reason: type, message });

/** More failed jobs than these are not listed one by one. */
const mostListed = 100;

/** What a new password, key, address or image can mend. */
const amendable = ['AuthenticationFailed', 'HostUnreachable', 'SudoDenied', 'ImageNotFound', 'InvalidImage', 'HostKeyMismatch'];

/**
 * Whether it may be tried again without a person's word: it may pass by itself, or a mere look has found it, which does no harm
 * when it is taken again. A wrong password is another matter: it would lock an account.
 */
const mayPass = ({ reason }: Failure): boolean => isRetryable(reason) || reason === 'PreflightFailed';

/** Hosts to look at while nothing is tried, by id; none where only a person can mend what failed. */
export const watchable = (failures: readonly Failure[], { hosts }: ClusterSpec): string[] =>
  (failures.every(mayPass) ? hosts.map(({ id }) => id).filter((id) => failures.some(({ job }) => job.host === id)) : []);

/**
 * The wait for what has failed. While tries are left it has a time at which it ends by itself, unless one of the failures is
 * for a person to mend; when none is left it looks whether a host that failed has changed. `tried`: how often this operation has tried again by itself.
 */
export function failureWait(failures: readonly Failure[], { spec, facts, tried, since }: {
  readonly spec: ClusterSpec; readonly facts: SkipFacts; readonly tried: number; readonly since: Date;
}): Waiting {
  const { name, policy: { parkRetry: { times, firstMs, factor } } } = spec;
  const timed = tried < times && failures.every(mayPass);
  const jobs = failures.slice(0, mostListed).map(({ job, ...why }) => waitingJob(job, why, facts));
  const left = jobs.find(({ needed, host }) => needed === undefined && host !== undefined);
  return {
    kind: 'failure',
    reason: failures[0]?.reason ?? 'StageFailed',
    message: failureWords(failures),
    since: since.toISOString(),
    ...(timed ? { nextCheckAt: new Date(since.getTime() + Math.round(firstMs * factor ** tried)).toISOString() } : {}),
    ...(!timed && watchable(failures, spec).length > 0 ? { looks: true, nextCheckAt: new Date(since.getTime() + lookMs(spec, tried, unwatched)).toISOString() } : {}),
    jobs,
    commands: [
      `keelson retry ${name}`,
      ...(failures.some(({ reason }) => amendable.includes(reason)) ? [`keelson amend ${name}`] : []),
      ...(left ? [`keelson skip ${name} --host ${left.host ?? ''}${left.image ? ` --image ${left.image}` : ''}`] : []),
      `keelson cancel ${name}`,
    ],
  };
}

/** The wait for an approval. `stale`: another plan was approved before, and what was seen has changed since. */
export function approvalWait(plan: Plan, asked: readonly Asked[], { since, stale }: { since: string; stale: boolean }): Waiting {
  const words = asked.map(({ reason }) => reason).join('; ');
  return {
    kind: 'approval', reason: 'NeedsApproval', since, planHash: plan.hash, approvals: asked.map(({ reason }) => reason),
    message: `${stale ? 'what was seen has changed since the approval: the new plan waits' : 'the plan waits for approval'}: ${words}`,
    commands: [`keelson approve ${plan.cluster} --plan-hash ${plan.hash}`, `keelson cancel ${plan.cluster}`],
  };
}

/** Of a plan that needs leave where nobody waits for any. */
export const unasked = (asked: readonly Asked[]): string => `the plan needs approval, and nobody waits for it: ${asked.map(({ reason }) => reason).join('; ')}; --yes gives leave in advance`;
