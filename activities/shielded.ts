import { isCancel } from './cancel';
import type { Scope } from './ports';

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
