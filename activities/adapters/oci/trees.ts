import { lstat, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { servedNames } from '../../../domain/registry-layout';
import type { ImageTree, TreeEntry } from '../../ports';
import { blobFile, hexOf, streamBlob } from './blobs';
import { decompress } from './decompress';
import type { ReadImage } from './image-config';
import { limitsFor } from './limits';
import { withLock } from './lock';
import type { WorkOptions } from './shared-work';
import { unpackLayers, type UnpackedEntry } from './unpack';
import { writeWhole } from './whole-file';

/** What trees/<digest>.json holds. It is written last: a tree without it is unpacked anew. */
interface TreeManifest {
  readonly digest: string;
  readonly unpackedBytes: number;
  readonly entries: readonly ListedEntry[];
}

/** `mtimeMs`: when a file was last written to. Lists of former versions have none. */
type ListedEntry = UnpackedEntry & { readonly mtimeMs?: number };

/** An unpacked image and the size of all its files together. */
export interface StoredTree {
  readonly tree: ImageTree;
  readonly unpackedBytes: number;
}

/** The tree of an image: from the store, or unpacked now, by one process however many ask. One that somebody has written to is unpacked anew. */
export async function openTree(storeDir: string, digest: string, image: ReadImage, options: WorkOptions): Promise<StoredTree> {
  const there = await readWhole(storeDir, digest);
  if (there) return storedTree(storeDir, there, image);
  return withLock(storeDir, `tree-${hexOf(digest)}`, options.signal, async () => {
    const manifest = (await readWhole(storeDir, digest)) ?? (await unpack(storeDir, digest, image, options));
    return storedTree(storeDir, manifest, image);
  });
}

const rootOf = (storeDir: string, digest: string): string => join(storeDir, 'trees', hexOf(digest));

async function readManifest(storeDir: string, digest: string): Promise<TreeManifest | undefined> {
  try {
    const read = JSON.parse(await readFile(`${rootOf(storeDir, digest)}.json`, 'utf8')) as Partial<TreeManifest> | null;
    return read?.digest === digest && Array.isArray(read.entries) && typeof read.unpackedBytes === 'number' ? (read as TreeManifest) : undefined;
  } catch (error) {
    // A damaged list counts as none: the image is unpacked anew.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The list of a tree of which every file is as it was unpacked, by its size and time; whoever sends or reads one looks at its content. */
async function readWhole(storeDir: string, digest: string): Promise<TreeManifest | undefined> {
  const manifest = await readManifest(storeDir, digest);
  const root = rootOf(storeDir, digest);
  const dated = manifest?.entries.filter(({ mtimeMs }) => mtimeMs !== undefined) ?? [];
  const same = await Promise.all(dated.map(async ({ path, size, mtimeMs }) => {
    const there = await lstat(join(root, path)).catch(() => undefined);
    return there?.isFile() === true && there.size === size && there.mtimeMs === mtimeMs;
  }));
  return same.includes(false) ? undefined : manifest;
}

/** Notes when each file was written, for readWhole. */
const dated = (root: string, entries: readonly UnpackedEntry[]): Promise<ListedEntry[]> =>
  Promise.all(entries.map(async (entry) => (entry.kind === 'file' ? { ...entry, mtimeMs: (await lstat(join(root, entry.path))).mtimeMs } : entry)));

async function unpack(storeDir: string, digest: string, image: ReadImage, { signal, beat }: WorkOptions): Promise<TreeManifest> {
  const beside = join(storeDir, 'trees', `.unpacking-${hexOf(digest)}`);
  const alive = setInterval(() => beat(`unpacking ${digest}`), 5_000);
  try {
    // What a process that was killed has left.
    await rm(beside, { recursive: true, force: true });
    await mkdir(beside, { recursive: true });
    const entries = await unpackLayers(beside, image.layers.map((layer) => () => decompress(streamBlob(storeDir, layer.digest, signal))),
      limitsFor(await storedBytes(storeDir, image)));
    const manifest = { digest, unpackedBytes: entries.reduce((sum, { size }) => sum + size, 0), entries: await dated(beside, entries) };
    await rm(rootOf(storeDir, digest), { recursive: true, force: true });
    await rename(beside, rootOf(storeDir, digest));
    await writeWhole(`${rootOf(storeDir, digest)}.json`, JSON.stringify(manifest));
    return manifest;
  } finally {
    clearInterval(alive);
    await rm(beside, { recursive: true, force: true });
  }
}

/** As the blobs are, not as the manifest says. */
async function storedBytes(storeDir: string, { layers }: ReadImage): Promise<number> {
  const sizes = await Promise.all(layers.map(async ({ digest }) => (await stat(blobFile(storeDir, digest))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Every file of a cluster image is made 0755 before it goes to hosts: its scripts count on it. */
const hostMode = 0o755;

function storedTree(storeDir: string, { digest, unpackedBytes, entries: unpacked }: TreeManifest, image: ReadImage): StoredTree {
  const root = rootOf(storeDir, digest);
  const all = unpacked.map(({ mtimeMs: _written, ...entry }): TreeEntry => ({
    ...entry,
    mode: entry.kind === 'link' ? 0o777 : hostMode,
    ...(entry.kind === 'file' ? { from: join(root, entry.path) } : {}),
  }));
  const isRegistry = ({ path }: TreeEntry): boolean => path === 'registry' || path.startsWith('registry/');
  const registry = all.filter(isRegistry);
  const entries = all.filter((entry) => !isRegistry(entry));
  const served = servedNames(registry.map(({ path }) => path));
  return { unpackedBytes, tree: { digest, root, entries, registry, served, config: image.config } };
}
