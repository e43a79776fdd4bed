import { createHash } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isScheduled } from '../domain/commands/etcd-snapshots';
import { ClusterError } from '../domain/errors';
import { refuseFullDisk } from './free-space';
import { snapshotsDir } from './paths';
import { startTimeOf } from './pid-file';

/** Where a snapshot of a cluster's etcd is kept on this machine. It holds the cluster's secrets: only the user reads it. */
export const snapshotFile = (cluster: string, name: string): string => join(snapshotsDir(cluster), name);

/** What a snapshot is called, and what it was said to be. */
export interface Announced {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Takes a snapshot piece by piece, and puts it in its place when it is whole; false when it is another one. Throws CommandFailed
 * for more than was announced, and where the disk has no room for that.
 */
export async function keepSnapshot(cluster: string, { name, sha256, bytes }: Announced, receive: (write: (piece: Buffer) => void) => Promise<void>): Promise<boolean> {
  mkdirSync(snapshotsDir(cluster), { recursive: true, mode: 0o700 });
  sweepParts(cluster);
  await refuseFullDisk(snapshotsDir(cluster), bytes);
  let left = bytes;
  const part = `${snapshotFile(cluster, `.${name}`)}.${process.pid}.part`;
  const hash = createHash('sha256');
  const handle = openSync(part, 'w', 0o600);
  try {
    await receive((piece) => {
      left -= piece.length;
      if (left < 0) throw new ClusterError('CommandFailed', `the snapshot ${name} is larger than the ${bytes} bytes that its host had said`, { todo: 'look at what the host sends; then save once more' });
      writeSync(handle, piece);
      hash.update(piece);
    });
    if (hash.digest('hex') !== sha256) return false;
    renameSync(part, snapshotFile(cluster, name));
    return true;
  } finally {
    closeSync(handle);
    rmSync(part, { force: true });
  }
}

/** Removes what processes that were killed have left, one of them perhaps with the pid that is ours now: in a container it always is. */
function sweepParts(cluster: string): void {
  const began = Date.now() - process.uptime() * 1_000;
  for (const name of readdirSync(snapshotsDir(cluster))) {
    const pid = Number(/^\..*\.(\d+)\.part$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    const file = snapshotFile(cluster, name);
    const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (startTimeOf(pid) === undefined || (pid === process.pid && changed < began)) rmSync(file, { force: true });
  }
}

/** The names of the snapshots kept here, oldest first. */
export function listSnapshots(cluster: string): string[] {
  try {
    return readdirSync(snapshotsDir(cluster)).filter((name) => name.endsWith('.db') && !name.startsWith('.')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Keeps the newest ones only, of the schedule's so many and of all others so many; what a person has put there under another name stays. */
export function pruneKept(cluster: string, keep: number): void {
  const dated = listSnapshots(cluster).filter((one) => /^\d{4}-/.test(one));
  for (const scheduled of [true, false]) {
    for (const name of dated.filter((one) => isScheduled(one) === scheduled).slice(0, -keep)) rmSync(snapshotFile(cluster, name), { force: true });
  }
}

/** SHA-256 of a file, hex; undefined when it is not there. */
export async function hashOfFile(path: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, ...(signal ? [{ signal }] : []));
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
