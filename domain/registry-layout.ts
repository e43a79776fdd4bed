const head = '/docker/registry/v2/repositories/';
const tagLink = /\/_manifests\/tags\/([^/]+)\/current\/link$/;

/**
 * Names that a registry serves from this storage, `repository:tag`, sorted. Takes the paths of a tree in the layout of
 * Distribution v2 (the images' folder `registry/`); other paths say nothing.
 */
export function servedNames(paths: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const path of paths) {
    const found = tagLink.exec(path);
    const above = `/${path.slice(0, found?.index ?? 0)}`;
    const at = above.lastIndexOf(head);
    if (found && at >= 0 && above.length > at + head.length) names.add(`${above.slice(at + head.length)}:${found[1]}`);
  }
  return [...names].sort();
}
