import { condition, workflowInfo } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import { isRetryable } from '../domain/errors';
import { type SkipFacts, waitingJob } from '../domain/skip-rules';
import type { Waiting } from '../domain/status';
import type { Decisions, Word } from './decisions';
import type { Failure } from './run-jobs';

export interface Parking {
  readonly failures: readonly Failure[];
  readonly facts: SkipFacts;
  /** How often this operation has tried again by itself. */
  readonly tried: number;
  readonly decisions: Decisions;
  /** Shows the wait, and its end. */
  show(waiting: Waiting | undefined): void;
  /** Goes on waiting as a new run, so that a history ends before it is too long. */
  renew(waiting: Waiting): Promise<never>;
  now(): Date;
  /** The wait of the run before. */
  readonly waiting?: Waiting | undefined;
  /** The operation waits for the first time: what was said before speaks of no failure. */
  readonly first: boolean;
}

/** How a parked operation goes on: by a person's word, or because its time has come. */
export type Answer = Extract<Word, { decision: 'retry' | 'skip' | 'amend' }> | { readonly decision: 'timer' };

/** A parked operation goes on as a new run after so long: on newer code, with an empty history. */
const renewAfterMs = 24 * 60 * 60_000;
/** No operation of its own accord comes near this; one that people retry all day does. */
const longHistory = 20_000;

/**
 * Waits until somebody says what to do, or for the timer while tries are left. A failure that only a person can mend (a
 * wrong password, a claimed host) has no timer: trying again would lock an account.
 */
export async function park(parking: Parking): Promise<Answer> {
  const { decisions, show, now } = parking;
  const waiting = parking.waiting ?? wait(parking);
  const dueMs = waiting.nextCheckAt === undefined ? undefined : Math.max(Date.parse(waiting.nextCheckAt) - now().getTime(), 1);
  let answer: Answer | undefined;
  if (parking.first) decisions.forget();
  show(waiting);
  if (!parking.waiting && isLong(workflowInfo())) await parking.renew(waiting);
  const asked = (): boolean => (answer ??= decisions.take('retry', 'skip', 'amend')) !== undefined;
  if (dueMs !== undefined) {
    if (!(await condition(asked, dueMs, { summary: 'parked: tries again by itself' }))) answer = { decision: 'timer' };
  } else if (!(await condition(asked, renewMs(decisions.spec()), { summary: 'parked: goes on as a new run' }))) {
    await parking.renew(waiting);
  }
  show(undefined);
  return answer ?? { decision: 'timer' };
}

export const renewMs = ({ policy }: ClusterSpec): number => policy.parkRenewMs ?? renewAfterMs;

/** Whether a run should end at its next park point. */
const isLong = ({ historyLength, continueAsNewSuggested }: { historyLength: number; continueAsNewSuggested: boolean }): boolean =>
  continueAsNewSuggested || historyLength > longHistory;

function wait({ failures, facts, tried, decisions, now }: Parking): Waiting {
  const { name, policy: { parkRetry: { times, firstMs, factor } } } = decisions.spec();
  const timed = tried < times && failures.every(({ reason }) => isRetryable(reason));
  const since = now();
  const jobs = failures.slice(0, 100).map(({ job, ...why }) => waitingJob(job, why, facts));
  const left = jobs.find(({ needed, host }) => needed === undefined && host !== undefined);
  return {
    kind: 'failure',
    reason: failures[0]?.reason ?? 'StageFailed',
    message: failures.map(({ job, message }) => `${job.stage}${job.host ? ` on ${job.host}` : ''}: ${message}`).join('; '),
    since: since.toISOString(),
    ...(timed ? { nextCheckAt: new Date(since.getTime() + Math.round(firstMs * factor ** tried)).toISOString() } : {}),
    jobs,
    commands: [
      `keelson retry ${name}`,
      ...(failures.some(({ reason }) => amendable.includes(reason)) ? [`keelson amend ${name}`] : []),
      ...(left ? [`keelson skip ${name} --host ${left.host ?? ''}${left.image ? ` --image ${left.image}` : ''}`] : []),
      `keelson cancel ${name}`,
    ],
  };
}

/** What a new password, key, address or image can mend. */
const amendable = ['AuthenticationFailed', 'HostUnreachable', 'SudoDenied', 'ImageNotFound', 'InvalidImage', 'HostKeyMismatch'];
