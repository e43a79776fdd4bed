import { CancelledFailure } from '@temporalio/common';
import type { Scope } from './ports';

/** Whether a person has cancelled the work. Temporal stops an attempt for other reasons, too, and then another one goes on. */
export const isCancel = ({ aborted, reason }: AbortSignal): boolean => aborted && reason instanceof CancelledFailure && reason.message === 'CANCELLED';

/**
 * The same scope for work that must not stop half-way: a cancel does not reach it. What ends the attempt and not the work
 * (shutdown, a timeout, a lost heartbeat) still does.
 */
export function shielded(scope: Scope): Scope {
  const own = new AbortController();
  const pass = (): void => {
    if (!isCancel(scope.signal)) own.abort(scope.signal.reason);
  };
  if (scope.signal.aborted) pass();
  else scope.signal.addEventListener('abort', pass, { once: true });
  return { ...scope, signal: own.signal };
}
