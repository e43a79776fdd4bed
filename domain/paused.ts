import type { Paused } from './hands';
import type { OperationStatus, Waiting } from './status';

/** What an operation waits for that somebody holds still: since `now` (ISO 8601), with the commands that end it. */
export const pauseWait = (cluster: string, { by, at, reason }: Paused, now: string): Waiting => ({
  kind: 'pause', reason: 'Paused', since: now, message: `paused by ${by} since ${at}${reason ? ` (${reason})` : ''}; nothing runs`,
  commands: [`keelson resume ${cluster}`, `keelson cancel ${cluster}`],
});

/**
 * The status of an operation that waits for nothing but pauses. While activities still run (`running`) it is held, but does
 * not wait yet; afterwards it does, since when it is known to.
 */
export function withPause(status: OperationStatus, paused: Paused | undefined, running: number, now: string): OperationStatus {
  const { paused: _before, waiting, ...rest } = status;
  if (!paused) return rest;
  if (running > 0) return { ...rest, paused };
  return { ...rest, paused, waiting: waiting ?? pauseWait(status.cluster, paused, now) };
}
