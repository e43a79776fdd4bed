import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { freeBytes } from '../../../home/free-space';

/** How long a folder may keep its size, how much may come into it (what leaves it again still counts), and what has to stay free on its disk. */
export interface FolderLimits {
  readonly standstillMs: number;
  readonly mostBytes: number;
  readonly leastFree: number;
}

/** What is wrong with a folder. */
export type FolderFault = 'silent' | 'large' | 'full';

/**
 * Watches a folder that something writes into, and calls `told` once when it is beyond its limits. Gives the function that ends
 * the watch.
 */
export function watchFolder(folder: string, { standstillMs, mostBytes, leastFree }: FolderLimits, told: (fault: FolderFault) => void): () => void {
  let size = -1;
  let came = 0;
  let since = Date.now();
  let looking = false;
  let ended = false;
  const faultOf = async (): Promise<FolderFault | undefined> => {
    const [now, free] = await Promise.all([bytesBelow(folder), freeBytes(folder).catch(() => Infinity)]);
    came += Math.max(now - Math.max(size, 0), 0);
    if (free < leastFree) return 'full';
    if (came > mostBytes) return 'large';
    if (now === size) return Date.now() - since >= standstillMs ? 'silent' : undefined;
    [size, since] = [now, Date.now()];
    return undefined;
  };
  const look = async (): Promise<void> => {
    const fault = await faultOf();
    if (fault === undefined || ended) return;
    end();
    told(fault);
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => { looking = false; });
  }, Math.min(2_000, standstillMs / 4));
  const end = (): void => {
    ended = true;
    clearInterval(timer);
  };
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
