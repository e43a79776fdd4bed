import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './whole-file';

/** A name of the store and the manifest it stands for. */
export interface StoredRef {
  readonly ref: string;
  readonly digest: string;
  readonly mediaType: string;
  /** The policy of images under which it came in, where that forbids anything. */
  readonly policy?: string;
}

const refFile = (storeDir: string, ref: string): string => join(storeDir, 'refs', `${encodeURIComponent(ref)}.json`);

/** Notes the manifest that a name stands for. */
export async function writeRef(storeDir: string, stored: StoredRef): Promise<void> {
  await mkdir(join(storeDir, 'refs'), { recursive: true });
  await writeWhole(refFile(storeDir, stored.ref), `${JSON.stringify(stored)}\n`);
}

/** The name's manifest; undefined when the store does not know the name. */
export async function readRef(storeDir: string, ref: string): Promise<StoredRef | undefined> {
  try {
    const read = JSON.parse(await readFile(refFile(storeDir, ref), 'utf8')) as Partial<StoredRef> | null;
    return typeof read?.digest === 'string' && typeof read.ref === 'string' ? { mediaType: '', ...read } as StoredRef : undefined;
  } catch (error) {
    // A damaged one names nothing: the image is fetched again.
    if (error instanceof SyntaxError) return undefined;
    if (['ENOENT', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Takes a name out. The blobs stay: another name may need them. */
export const removeRef = (storeDir: string, ref: string): Promise<void> => rm(refFile(storeDir, ref), { force: true });

/** Every name of the store, sorted. */
export async function listRefs(storeDir: string): Promise<StoredRef[]> {
  const files = await readdir(join(storeDir, 'refs')).catch(() => []);
  const names = files.filter((file) => file.endsWith('.json') && !file.startsWith('.')).map((file) => decodeURIComponent(file.slice(0, -5)));
  const stored = await Promise.all(names.sort().map((name) => readRef(storeDir, name)));
  return stored.filter((one) => one !== undefined);
}
