import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../../../domain/errors';
import { largestDocument } from './limits';

/** The hex digits of a digest. Throws InvalidImage for what is no sha256: it becomes the name of a file. */
export const hexOf = (digest: string): string => {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (!hex) throw new ClusterError('InvalidImage', `${JSON.stringify(digest)} is no sha256 digest`);
  return hex;
};

/** Where the store keeps a blob. Throws InvalidImage as hexOf() does. */
export const blobFile = (storeDir: string, digest: string): string => join(storeDir, 'blobs', 'sha256', hexOf(digest));

const mismatch = (digest: string, found: string): ClusterError =>
  new ClusterError('DigestMismatch', `the blob ${digest} in the store has the content of sha256:${found}; it was removed`, {
    todo: 'Run again: the image is fetched anew. If it happens twice, check the disk.',
  });

/** A small blob (manifest, configuration), verified. Throws DigestMismatch, InvalidImage for a large one; ENOENT is passed on. */
export async function readBlob(storeDir: string, digest: string): Promise<Buffer> {
  const file = blobFile(storeDir, digest);
  const { size } = await stat(file);
  if (size > largestDocument) {
    throw new ClusterError('InvalidImage', `the blob ${digest} has ${size} bytes, and no manifest or configuration has more than ${largestDocument}`, { todo: 'Build or fetch the image anew.' });
  }
  const content = await readFile(file);
  const found = createHash('sha256').update(content).digest('hex');
  if (found === hexOf(digest)) return content;
  await rm(file, { force: true });
  throw mismatch(digest, found);
}

/** A large blob as a stream that fails at its end with DigestMismatch when the content was not what its name says. */
export async function* streamBlob(storeDir: string, digest: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = blobFile(storeDir, digest);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    yield piece;
  }
  const found = hash.digest('hex');
  if (found === hexOf(digest)) return;
  await rm(file, { force: true });
  throw mismatch(digest, found);
}
