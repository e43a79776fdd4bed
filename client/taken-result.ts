import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { silence } from './errors';

/** How long a workflow that has just been started waits for a Temporal worker to take it, milliseconds. */
const takenWithinMs = 30_000;
/** Its start and its first task that waits; whoever takes that adds a third event. */
const eventsOfUntaken = 2;

/**
 * The result of a workflow that was started just now for a person who waits. Where no Temporal worker has taken it in time it is
 * ended, so that nothing of it happens later behind the back of who was refused. Throws TemporalUnavailable then, and what the
 * workflow throws.
 */
export async function takenResult<T>(handle: WorkflowHandle, address: string, withinMs = takenWithinMs): Promise<T> {
  const result = handle.result() as Promise<T>;
  const over = new AbortController();
  const ended = result.then(() => true, () => true).finally(() => over.abort());
  const inTime = await Promise.race([ended, sleep(withinMs, false, { signal: over.signal }).catch(() => true)]);
  if (!inTime && !(await isTaken(handle))) {
    await handle.terminate('no Temporal worker has taken it').catch(() => undefined);
    throw silence(address, undefined);
  }
  return result;
}

/** False also where the server does not say. */
const isTaken = (handle: WorkflowHandle): Promise<boolean> => handle.describe().then(({ historyLength }) => historyLength > eventsOfUntaken, () => false);
