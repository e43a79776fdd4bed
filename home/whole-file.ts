import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file, and its folder, for this user alone. Readers see the old text or the new one, never half of one. Throws what
 * the file system says.
 */
export function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const scratch = `${file}.${process.pid}.tmp`;
  writeFileSync(scratch, text, { mode: 0o600 });
  // One that was there already keeps its rights when it is written.
  chmodSync(scratch, 0o600);
  renameSync(scratch, file);
}
