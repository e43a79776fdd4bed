import { readImageFile } from './image-file';
import type { ImageTree, TreeEntry } from './ports';

/** The variable of the image contract for the password of the cluster's registry. */
export const registryPassword = 'registryPassword';

const template = /\.(?:tmpl|tpl)$/;
/** Larger files are programs, not scripts and not templates. */
const largestText = 256 * 1024;

const names = (tree: ImageTree, which: (entry: TreeEntry) => boolean): boolean =>
  tree.entries.some((entry) => entry.kind === 'file' && entry.size <= largestText && which(entry) && readImageFile(tree, entry.path)?.includes(registryPassword));

/** Whether an image's files are rendered with the password. Where they hold a fixed one, another would lock everybody out. */
export const rendersRegistryPassword = (tree: ImageTree): boolean => names(tree, ({ path }) => template.test(path));

/**
 * The variables for a script or a command of an image. The password of the registry is among them only where the line or
 * a file of the image asks for it by name: what needs no secret shall not carry one in its environment.
 */
export function scriptEnv(env: Readonly<Record<string, string>>, tree: ImageTree, line: string): Readonly<Record<string, string>> {
  if (env[registryPassword] === undefined || line.includes(registryPassword) || names(tree, ({ path }) => !template.test(path))) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== registryPassword));
}
