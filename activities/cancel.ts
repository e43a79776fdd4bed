import { CancelledFailure } from '@temporalio/common';

/**
 * Whether a person has cancelled the work. Temporal ends an attempt for other reasons, too (shutdown, a timeout, a lost
 * heartbeat), says so in the message of the reason, and then another attempt goes on.
 */
export const isCancel = ({ aborted, reason }: AbortSignal): boolean => aborted && (!(reason instanceof CancelledFailure) || reason.message === 'CANCELLED');

/** What to throw where an aborted signal ends a wait: Temporal's own words, so that whoever catches it can tell why. */
export const cancelled = (signal: AbortSignal | undefined): CancelledFailure =>
  signal?.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('CANCELLED');
