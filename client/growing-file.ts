import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The whole lines of a file from a place on (bytes), and the place behind them: half a line comes when it is whole. A file that
 * has become shorter is another one and is read from its beginning; one that is not there has no lines.
 */
export function linesFrom(file: string, from: number): { lines: string[]; next: number } {
  const handle = opened(file);
  if (handle === undefined) return { lines: [], next: 0 };
  try {
    const { size } = fstatSync(handle);
    const start = size < from ? 0 : from;
    const bytes = Buffer.alloc(size - start);
    const read = bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, start));
    const end = read.lastIndexOf(0x0a) + 1;
    return { lines: read.toString('utf8', 0, end).split('\n').slice(0, -1), next: start + end };
  } finally {
    closeSync(handle);
  }
}

function opened(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
