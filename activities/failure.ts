import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { activityInfo } from '@temporalio/activity';
import { ClusterError, type ErrorDetails } from '../domain/errors';
import { printable } from '../home/printable';

/** Retried by Temporal inside the activity's own time: the outcome is unknown, or somebody else is just done. */
const retriedHere: ReadonlySet<string> = new Set(['Disconnected', 'HostBusy', 'NotReadyYet', 'DigestMismatch']);
/** A bug shows itself within so many attempts; then a person should see it. */
const attemptsForBugs = 3;

/** Any error as Temporal should see it: the only mapping. What a person can mend parks, what time mends is retried. */
export function toFailure(error: unknown): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (error instanceof ClusterError) {
    return ApplicationFailure.create({
      message: printable(sentence(error.message, error.details)),
      type: error.type,
      nonRetryable: !retriedHere.has(error.type),
      details: [{ ...error.details, ...(error.details.tail ? { tail: error.details.tail.map(printable) } : {}) }],
      ...(error.type === 'HostBusy' ? { nextRetryDelay: '5s' as const } : {}),
    });
  }
  const known = error instanceof Error ? error : new Error(String(error));
  return ApplicationFailure.create({
    message: known.message, type: known.name, nonRetryable: activityInfo().attempt >= attemptsForBugs, cause: known,
  });
}

/** What the operator reads at 3 a.m.: what failed, the last lines, what to do. */
function sentence(message: string, { tail = [], todo }: ErrorDetails): string {
  const lines = tail.filter((line) => !message.includes(line));
  return [message, ...(lines.length > 0 ? [`last lines: ${lines.slice(-8).join(' | ')}`] : []), ...(todo ? [todo] : [])].join('. ').slice(0, 3_000);
}
