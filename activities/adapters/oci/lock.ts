import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';

/**
 * Does `work` while no other process does work under the same name in this store. The kernel holds the lock for a child
 * that ends with us, so a killed process leaves nothing behind that somebody would have to judge.
 */
export async function withLock<T>(storeDir: string, name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const dir = join(storeDir, 'locks');
  await mkdir(dir, { recursive: true });
  const holder = spawn('flock', ['--exclusive', join(dir, `${name}.lock`), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'], env: process.env, signal,
  });
  const ended = new Promise<void>((resolve) => holder.on('close', () => resolve()));
  holder.stdin.on('error', () => undefined);
  try {
    const failed = once(holder, 'error').then(([error]) => { throw error; });
    const closed = ended.then(() => { throw new Error(`flock could not lock ${name} below ${dir}`); });
    failed.catch(() => undefined);
    closed.catch(() => undefined);
    await Promise.race([once(holder.stdout, 'data'), failed, closed]);
    holder.stdout.resume();
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
