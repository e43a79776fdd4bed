import type { Writable } from 'node:stream';

/**
 * Writes a source to a stream as fast as the other side takes it, and ends it. Stops reading the source when `over`
 * settles: a process that has ended takes no more. Throws what the source throws.
 */
export async function pump(source: AsyncIterable<Buffer>, target: Writable, over: Promise<unknown>): Promise<void> {
  let stopped = false;
  const stop = over.then(() => { stopped = true; }, () => { stopped = true; });
  for await (const chunk of source) {
    if (stopped || target.destroyed || target.errored) break;
    if (!target.write(chunk)) await drained(target, stop);
  }
  target.end();
}

function drained(target: Writable, stop: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      target.off('drain', go).off('close', go).off('error', go);
      resolve();
    };
    target.on('drain', go).on('close', go).on('error', go);
    void stop.then(go);
  });
}
