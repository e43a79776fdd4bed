import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ClusterError } from '../domain/errors';

/** One file, folder or link below a source. */
export interface FileEntry {
  /** Relative to the source; for a source that is a file its own name. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'dir';
  readonly mode: number;
  readonly size: number;
  readonly sha256?: string;
  readonly target?: string;
  readonly from?: string;
}

/** A file or a folder of this machine with all that is in it, hashed. */
export interface FileTree {
  readonly kind: 'file' | 'dir';
  readonly name: string;
  readonly mode: number;
  readonly entries: readonly FileEntry[];
  /** Over names, modes and contents: two machines compare by it. */
  readonly digest: string;
}

/**
 * Reads a file or a folder. The source itself may be a link; links inside stay links. Throws InvalidSpec for what is not
 * there, cannot be read, or is no file (a socket, a device).
 */
export async function readFileTree(source: string, signal?: AbortSignal): Promise<FileTree> {
  const top = await seen(source, () => stat(source));
  const name = basename(source);
  const mode = top.mode & 0o7777;
  if (top.isFile()) return finished({ kind: 'file', name, mode, entries: [await fileEntry(source, name, top, signal)] });
  if (!top.isDirectory()) throw new ClusterError('InvalidSpec', `${source} is neither a file nor a folder`, { todo: 'name a file or a folder' });
  const entries: FileEntry[] = [];
  const walk = async (folder: string, below: string): Promise<void> => {
    for (const child of (await seen(folder, () => readdir(folder))).sort()) {
      signal?.throwIfAborted();
      const from = join(folder, child);
      const path = below === '' ? child : `${below}/${child}`;
      const one = await seen(from, () => lstat(from));
      if (one.isSymbolicLink()) entries.push({ path, kind: 'link', mode: 0o777, size: 0, target: await seen(from, () => readlink(from)) });
      else if (one.isFile()) entries.push(await fileEntry(from, path, one, signal));
      else if (!one.isDirectory()) throw new ClusterError('InvalidSpec', `${from} is neither a file, a folder nor a link`, { todo: 'leave it out: sockets and devices cannot be copied' });
      else {
        entries.push({ path, kind: 'dir', mode: one.mode & 0o7777, size: 0 });
        await walk(from, path);
      }
    }
  };
  await walk(source, '');
  return finished({ kind: 'dir', name, mode, entries });
}

async function fileEntry(from: string, path: string, { size, mode }: Stats, signal: AbortSignal | undefined): Promise<FileEntry> {
  const hash = createHash('sha256');
  await seen(from, () => pipeline(createReadStream(from, { highWaterMark: 1024 * 1024 }), hash, ...(signal ? [{ signal }] : [])));
  return { path, kind: 'file', mode: mode & 0o7777, size, sha256: hash.digest('hex'), from };
}

async function seen<T>(path: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === undefined || code === 'ABORT_ERR') throw cause;
    throw new ClusterError('InvalidSpec', code === 'ENOENT' ? `${path} is not there` : `${path} cannot be read (${code})`, { todo: 'check the path and its rights' }, { cause });
  }
}

function finished(tree: Omit<FileTree, 'digest'>): FileTree {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([tree.kind, tree.name]));
  for (const { path, kind, mode, sha256, target } of tree.entries) hash.update(JSON.stringify([path, kind, mode, sha256 ?? '', target ?? '']));
  return { ...tree, digest: hash.digest('hex') };
}
