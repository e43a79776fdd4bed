import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ClusterError } from '../domain/errors';

/**
 * Copies a file with secrets: the copy is there whole, for this user alone, or what was there before. Throws CommandFailed, with what the file system says and `todo`.
 */
export function copySecret(from: string, to: string, todo: string): void {
  // Named as home/snapshots.ts names its parts, which takes away what a killed process has left.
  const part = join(dirname(to), `.${basename(to)}.${process.pid}.part`);
  try {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    writeFileSync(part, '', { mode: 0o600 });
    copyFileSync(from, part);
    // The copy takes over the rights of what it is a copy of.
    chmodSync(part, 0o600);
    renameSync(part, to);
  } catch (cause) {
    discard(part);
    throw new ClusterError('CommandFailed', `${from} could not be copied to ${to} (${cause instanceof Error ? cause.message : String(cause)})`, { todo }, { cause });
  }
}

/** Where there is not even a folder there is nothing to discard. */
function discard(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch {
    // What was wrong is being told.
  }
}
