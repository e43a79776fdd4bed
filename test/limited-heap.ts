import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The heap of an embedded Temporal worker, MiB (home/background.ts). */
const heap = 256;

/**
 * Runs a TypeScript file in a process of its own with so much heap, as a heap that is full ends the process and not the test.
 * Gives its last line, read as JSON.
 */
export async function inLimitedHeap(file: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${heap}`, '-r', join(__dirname, 'temporal', 'typescript.js'), file], { timeout: 120_000, maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
