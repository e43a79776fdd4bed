import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Watches a folder that something writes into, and calls `standsStill` once when all its files together have kept their
 * size for so long. Gives the function that ends the watch.
 */
export function watchForStandstill(folder: string, limitMs: number, standsStill: () => void): () => void {
  let size = -1;
  let since = Date.now();
  let looking = false;
  const look = async (): Promise<void> => {
    const now = await bytesBelow(folder);
    if (now !== size) [size, since] = [now, Date.now()];
    else if (Date.now() - since >= limitMs) {
      end();
      standsStill();
    }
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => { looking = false; });
  }, Math.min(5_000, limitMs / 4));
  const end = (): void => clearInterval(timer);
  return end;
}

/** What vanishes meanwhile counts for nothing. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  const sizes = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? bytesBelow(path) : stat(path).then(({ size }) => size, () => 0);
  }));
  return sizes.reduce((sum, size) => sum + size, 0);
}
