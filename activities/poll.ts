import { ClusterError } from '../domain/errors';
import { cancelled } from './cancel';
import type { Scope } from './ports';

export interface PollOptions {
  readonly scope: Scope;
  /** What is waited for, in words. */
  readonly what: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly host: string;
}

/** Asks until the answer is true. Throws CommandTimedOut with the last reason, and CancelledFailure on cancel, never silently. */
export async function poll({ scope, what, everyMs, timeoutMs, host }: PollOptions, ask: () => Promise<true | string>): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer === true) return;
    scope.beat(`waits for ${what}: ${answer}`);
    if (Date.now() > end) {
      throw new ClusterError('CommandTimedOut', `${host}: ${what} did not happen within ${Math.round(timeoutMs / 1000)} s: ${answer}`, { host });
    }
    await pause(everyMs, scope.signal);
  }
}

/** A pause that a cancel ends. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelled(signal));
    const stop = () => { clearTimeout(timer); reject(cancelled(signal)); };
    const timer = setTimeout(() => { signal.removeEventListener('abort', stop); resolve(); }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
