import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes a file of the store, which several processes share: a reader sees the old text or the new one, never half of one. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const beside = join(dirname(file), `.${randomBytes(8).toString('hex')}`);
  await writeFile(beside, text, { flag: 'wx' });
  await rename(beside, file);
}
