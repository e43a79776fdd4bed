import { statfs } from 'node:fs/promises';
import { ClusterError } from '../domain/errors';

/** So much stays free where Keelson writes what others send: databases and journals of all clusters lie beside it. */
export const leastFree = 512 * 1024 * 1024;

/** Bytes that the file system of a folder has left for this user. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Throws CommandFailed when so many bytes more would leave too little on the disk of a folder. */
export async function refuseFullDisk(folder: string, more = 0): Promise<void> {
  const free = await freeBytes(folder);
  if (free - more >= leastFree) return;
  throw new ClusterError('CommandFailed', `the disk of ${folder}, on the machine of this Temporal worker, has ${mebibytes(free)} MiB left${more > 0 ? `, and ${mebibytes(more)} MiB would come` : ''}: ${mebibytes(leastFree)} MiB have to stay free`, {
    todo: 'make room on that disk, then retry; below KEELSON_HOME the logs and journals of operations that have ended may be removed',
  });
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
