import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClusterError } from '../domain/errors';
import type { TreeEntry } from './ports';

/**
 * The content of a file of an image, verified: what is merged, rendered and sent as something new is hashed anew, so a
 * file that was tampered with in the store would pass every later look. Throws DigestMismatch.
 */
export function contentOf(entry: TreeEntry): Buffer {
  if (entry.bytes) return entry.bytes;
  const content = readFileSync(entry.from ?? '');
  const found = createHash('sha256').update(content).digest('hex');
  if (entry.sha256 === undefined || found === entry.sha256) return content;
  throw new ClusterError('DigestMismatch', `${entry.from ?? entry.path} in the store is not the file of the image: it has the content of sha256:${found}`, {
    todo: 'Run again: when its size or time shows that somebody wrote to it, the image is unpacked anew. If it happens twice, remove the tree below the store of KEELSON_HOME, and check the disk.',
  });
}
