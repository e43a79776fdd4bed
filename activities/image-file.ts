import { contentOf } from './entry-content';
import type { ImageTree } from './ports';

/** The text of a file of an image's pristine tree; undefined when it has none. Throws DigestMismatch. */
export function readImageFile(tree: ImageTree, path: string): string | undefined {
  const entry = tree.entries.find((one) => one.path === path && one.kind === 'file');
  return entry && contentOf(entry).toString('utf8');
}

/** Whether the image carries an image-cri-shim, through which the kubelet pulls. */
export const hasShim = (tree: ImageTree): boolean => tree.entries.some(({ path }) => path === 'cri/image-cri-shim');
