import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/**
 * Does work that a cancel must not cut off at once: it has so long to come to its end, then it is cut off as well. When it
 * ends in time, its result counts; the caller sees to the cancel.
 */
export async function finishing<T>(withinMs: number | undefined, work: () => Promise<T>): Promise<T> {
  if (withinMs === undefined) return work();
  const outer = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const inner = new CancellationScope();
    const patience = new CancellationScope();
    outer.cancelRequested.catch(() => patience.run(() => sleep(withinMs, { summary: 'cancelled: lets it end' })).then(() => inner.cancel(), passOver)).catch(passOver);
    try {
      return await inner.run(work);
    } finally {
      patience.cancel();
    }
  });
}

/** The work has ended before its time was over. */
const passOver = (error: unknown): void => {
  if (!isCancellation(error)) throw error;
};
