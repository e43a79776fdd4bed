import { stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { ClusterError } from '../../../domain/errors';
import { blobFile } from './blobs';
import { readImage } from './image-config';
import { withLock } from './lock';
import { digestIn, parseReference, sourcesOf, storeNames } from './reference';
import { readRef, writeRef, type StoredRef } from './refs';
import type { WorkOptions } from './shared-work';
import { copyImage, SkopeoFailed } from './skopeo';

/** The manifest a reference stands for when the store has all of it; undefined otherwise. */
async function findStored(storeDir: string, ref: string): Promise<StoredRef | undefined> {
  for (const name of storeNames(ref)) {
    const stored = await readRef(storeDir, name);
    if (stored && (await isComplete(storeDir, stored.digest))) return stored;
  }
  const digest = digestIn(ref);
  if (digest && (await isComplete(storeDir, digest))) return { ref, digest, mediaType: '' };
  return undefined;
}

/** Whether every blob of an image is there. Their content is verified when it is read. */
async function isComplete(storeDir: string, digest: string): Promise<boolean> {
  try {
    const { blobs } = await readImage(storeDir, digest);
    await Promise.all(blobs.map((blob) => stat(blobFile(storeDir, blob))));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || (error instanceof ClusterError && ['DigestMismatch', 'InvalidImage'].includes(error.type))) return false;
    throw error;
  }
}

/**
 * The manifest a reference stands for: from the store when it has the name, else from its source. A file or folder on
 * this machine is asked each time, since another build may lie there now; the store answers when it is gone.
 */
export async function ensureImage(storeDir: string, ref: string, options: WorkOptions): Promise<StoredRef> {
  const { transport } = parseReference(ref);
  const changesInPlace = transport !== undefined && transport !== 'docker';
  const stored = await findStored(storeDir, ref);
  if (!changesInPlace) return stored ?? fetchImage(storeDir, ref, options);
  try {
    return await fetchImage(storeDir, ref, options, { anew: true });
  } catch (error) {
    if (stored && error instanceof ClusterError && error.type === 'ImageNotFound') return stored;
    throw error;
  }
}

/**
 * Copies an image from where its reference points and gives it that name. One process does it, the others find it done.
 * Throws ImageNotFound, which says where it was looked for, what skopeo said last of each place, and what to do.
 */
async function fetchImage(storeDir: string, ref: string, options: WorkOptions, { anew = false } = {}): Promise<StoredRef> {
  const lock = `ref-${createHash('sha256').update(ref).digest('hex').slice(0, 32)}`;
  return withLock(storeDir, lock, options.signal, async () => {
    const meanwhile = anew ? undefined : await findStored(storeDir, ref);
    if (meanwhile) return meanwhile;
    const sources = sourcesOf(ref);
    const said: string[] = [];
    for (const source of sources) {
      try {
        const stored = { ref, ...(await copyImage(storeDir, source, options)) };
        await writeRef(storeDir, stored);
        return stored;
      } catch (error) {
        if (!(error instanceof SkopeoFailed)) throw error;
        said.push(error.message);
      }
    }
    throw notFound(storeDir, ref, sources, said);
  });
}

function notFound(storeDir: string, ref: string, sources: readonly string[], said: readonly string[]): ClusterError {
  const { transport } = parseReference(ref);
  const places = [...(transport ? [] : [`the store ${storeDir} does not have it`]), ...sources.map((source, at) => `${source}: ${said[at] ?? ''}`)];
  const todo = transport && transport !== 'docker'
    ? 'Check the path or name, and that this Temporal worker runs where it is.'
    : 'Check the name and tag (keelson images lists what is in the store), log in to the registry (skopeo login) if it is private, or load the image from a file (keelson load).';
  return new ClusterError('ImageNotFound', `there is no image ${ref} (${places.join('; ')})`, { todo });
}
