import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive, markOf, type ProcessMark } from './pid-file';

/**
 * Runs `work` while no other process does the same under this lock file. A lock whose owner is dead is taken over.
 * `waitMs` bounds the waiting for a living owner; then it throws, naming the owner's pid.
 */
export async function withStartLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const until = Date.now() + waitMs;
  while (!tryLock(path)) {
    const owner = readMark(path);
    if (owner && !isAlive(owner)) takeAway(path, owner);
    else if (Date.now() > until) throw new Error(`${path} is held by process ${owner?.pid ?? '?'} for more than ${Math.round(waitMs / 1000)} s`);
    else await new Promise((wake) => setTimeout(wake, 50));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Creates the lock with its content in one step: a lock without an owner's name would look abandoned. */
function tryLock(path: string): boolean {
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, JSON.stringify(markOf(process.pid)), { mode: 0o600 });
  try {
    linkSync(scratch, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(scratch, { force: true });
  }
}

/**
 * Removes the lock of a dead owner. Two waiters may see the same dead owner; the second must not remove the lock that
 * the first one has made meanwhile. So removing has a lock of its own, named after the dead owner, and looks again.
 */
function takeAway(path: string, dead: ProcessMark): void {
  const right = `${path}.after-${dead.pid}`;
  if (!tryLock(right)) {
    const holder = readMark(right);
    if (holder && !isAlive(holder)) rmSync(right, { force: true });
    return;
  }
  const owner = readMark(path);
  if (owner && owner.pid === dead.pid && owner.startTime === dead.startTime) rmSync(path, { force: true });
  rmSync(right, { force: true });
}

function readMark(path: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessMark;
  } catch {
    return undefined;
  }
}
