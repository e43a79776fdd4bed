import { readFileSync } from 'node:fs';
import type { ImageTree } from './ports';

/** The text of a file of an image's pristine tree; undefined when it has none. */
export function readImageFile(tree: ImageTree, path: string): string | undefined {
  const entry = tree.entries.find((one) => one.path === path && one.kind === 'file');
  if (!entry) return undefined;
  return entry.bytes?.toString('utf8') ?? (entry.from ? readFileSync(entry.from, 'utf8') : undefined);
}

/** Whether the image carries an image-cri-shim, through which the kubelet pulls. */
export const hasShim = (tree: ImageTree): boolean => tree.entries.some(({ path }) => path === 'cri/image-cri-shim');
