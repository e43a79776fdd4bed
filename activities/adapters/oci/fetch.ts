import { stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { ClusterError } from '../../../domain/errors';
import { blobFile } from './blobs';
import { readImage } from './image-config';
import { withLock } from './lock';
import { policyInForce } from './policy';
import { digestIn, parseReference, sourcesOf, sourcesOfDigest, storeNames } from './reference';
import { readRef, writeRef, type StoredRef } from './refs';
import { type CopyOptions, copyImage, SkopeoFailed } from './skopeo';

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
 * this machine is asked each time, since another build may lie there now; the store answers when it is gone. What came in
 * under another policy of images than the one that counts now is asked for once more, so that this one is heard.
 */
export async function ensureImage(storeDir: string, ref: string, options: CopyOptions): Promise<StoredRef> {
  const { transport } = parseReference(ref);
  const changesInPlace = transport !== undefined && transport !== 'docker';
  const stored = await findStored(storeDir, ref);
  if (!changesInPlace) return stored ? letIn(storeDir, stored, options) : fetchImage(storeDir, ref, options);
  try {
    return await fetchImage(storeDir, ref, options, { anew: true });
  } catch (error) {
    if (stored && error instanceof ClusterError && error.type === 'ImageNotFound') return letIn(storeDir, stored, options);
    throw error;
  }
}

/**
 * An image of the store, when the policy that counts now has let it in or does so now. Throws ImageRejected where it
 * forbids the image, and where nobody is left who could be asked for the signatures.
 */
async function letIn(storeDir: string, stored: StoredRef, options: CopyOptions): Promise<StoredRef> {
  const policy = await policyInForce();
  if (policy === undefined || stored.policy === policy) return stored;
  const said: string[] = [];
  for (const source of sourcesOfDigest(stored.ref, stored.digest)) {
    try {
      const copied = await copyImage(storeDir, source, options);
      // What the source has now is not what was asked about.
      if (copied.digest !== stored.digest) said.push(`${source} has ${copied.digest} now`);
      else return await kept(storeDir, { ...stored, policy });
    } catch (error) {
      if (!(error instanceof SkopeoFailed)) throw error;
      said.push(`${source}: ${error.message}`);
    }
  }
  throw new ClusterError('ImageRejected', `the image ${stored.ref} came into the store ${storeDir} before the policy for images that counts now, which could not be asked (${said.join('; ')})`, {
    todo: 'Load it again (keelson load), so that the policy is asked; or make its source reachable.',
  });
}

async function kept(storeDir: string, stored: StoredRef): Promise<StoredRef> {
  await writeRef(storeDir, stored);
  return stored;
}

/**
 * Copies an image from where its reference points and gives it that name. One process does it, the others find it done.
 * Throws CommandTimedOut when a source falls silent, and ImageNotFound, which says where it was looked for, what skopeo said last of each place, and what to do.
 */
async function fetchImage(storeDir: string, ref: string, options: CopyOptions, { anew = false } = {}): Promise<StoredRef> {
  const lock = `ref-${createHash('sha256').update(ref).digest('hex').slice(0, 32)}`;
  return withLock(storeDir, lock, options.signal, async () => {
    const meanwhile = anew ? undefined : await findStored(storeDir, ref);
    if (meanwhile) return letIn(storeDir, meanwhile, options);
    const sources = sourcesOf(ref);
    const said: string[] = [];
    for (const source of sources) {
      try {
        return await kept(storeDir, { ref, ...(await copyImage(storeDir, source, options)) });
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
