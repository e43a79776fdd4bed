import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { ErrorDetails } from '../domain/errors';

/** An activity's failure as a reason and words for people; undefined when it is a cancellation and no failure. */
export function explain(error: unknown): { reason: string; message: string } | undefined {
  if (isCancellation(error)) return undefined;
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) return { reason: cause.type ?? 'StageFailed', message: cause.message };
  if (cause instanceof TimeoutFailure) {
    const inner = cause.cause instanceof ApplicationFailure ? `: ${cause.cause.message}` : '';
    return { reason: 'CommandTimedOut', message: `no result within the time allowed (${cause.timeoutType})${inner}` };
  }
  return { reason: 'StageFailed', message: cause instanceof Error ? cause.message : String(cause) };
}

const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

/** What an activity said when it failed; undefined for all else. */
export function rootFailure(error: unknown): ApplicationFailure | undefined {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? cause : undefined;
}

/** Message and advice of an activity's failure apart, where it has both: a report puts the advice on a line of its own. */
export function told(error: unknown): { message: string; todo: string } | undefined {
  const cause = rootFailure(error);
  if (!cause) return undefined;
  const todo = (cause.details?.[0] as ErrorDetails | undefined)?.todo;
  const end = `. ${todo ?? ''}`;
  return todo && cause.message.endsWith(end) ? { message: cause.message.slice(0, -end.length), todo } : undefined;
}
