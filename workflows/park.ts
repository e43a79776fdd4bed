import { condition } from '@temporalio/workflow';
import type { Policy } from '../domain/cluster';
import { isRetryable } from '../domain/errors';
import type { Waiting } from '../domain/status';
import type { Failure } from './run-jobs';

export interface Parking {
  readonly policy: Policy;
  readonly failures: readonly Failure[];
  /** How often this operation has tried again by itself. */
  readonly tried: number;
  /** Shows the wait, and its end. */
  show(waiting: Waiting | undefined): void;
  /** Whether a person has said retry. */
  asked(): boolean;
  now(): Date;
}

/**
 * Waits until somebody says retry, or for the timer while tries are left. A failure that only a person can mend (a wrong
 * password, a claimed host) has no timer: trying again would lock an account.
 */
export async function park({ policy, failures, tried, show, asked, now }: Parking): Promise<'person' | 'timer'> {
  const { times, firstMs, factor } = policy.parkRetry;
  const timed = tried < times && failures.every(({ reason }) => isRetryable(reason));
  const delay = Math.round(firstMs * factor ** tried);
  const since = now();
  show({
    reason: failures[0]?.reason ?? 'StageFailed',
    message: failures.map(({ job, message }) => `${job.stage}${job.host ? ` on ${job.host}` : ''}: ${message}`).join('; '),
    since: since.toISOString(),
    ...(timed ? { nextCheckAt: new Date(since.getTime() + delay).toISOString() } : {}),
  });
  const person = timed ? await condition(asked, delay, { summary: 'parked: tries again by itself' }) : await condition(asked).then(() => true);
  show(undefined);
  return person ? 'person' : 'timer';
}
