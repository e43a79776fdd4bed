import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClusterError } from '../domain/errors';
import type { TreeEntry } from './ports';

/** What is read here is a text, and it is read whole: templates, settings, manifests. Real ones have some kilobytes. */
export const largestText = 8 * 1024 * 1024;

/**
 * The content of a file of an image, verified: what is merged, rendered and sent as something new is hashed anew, so a
 * file that was tampered with in the store would pass every later look. Throws DigestMismatch, and InvalidImage for a file
 * that is larger than any text.
 */
export function contentOf(entry: TreeEntry): Buffer {
  if (entry.bytes) return entry.bytes;
  if (entry.size > largestText) {
    throw new ClusterError('InvalidImage', `${entry.path} has ${entry.size} bytes: a file of an image that is changed or read here has ${largestText} at the most`, {
      todo: 'Make the file smaller; what needs no change needs no Config and no template.',
    });
  }
  const content = readFileSync(entry.from ?? '');
  const found = createHash('sha256').update(content).digest('hex');
  if (entry.sha256 === undefined || found === entry.sha256) return content;
  throw new ClusterError('DigestMismatch', `${entry.from ?? entry.path} in the store is not the file of the image: it has the content of sha256:${found}`, {
    todo: 'Run again: when its size or time shows that somebody wrote to it, the image is unpacked anew. If it happens twice, remove the tree below the store of KEELSON_HOME, and check the disk.',
  });
}
