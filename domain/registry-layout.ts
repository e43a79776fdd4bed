const tagLink = /^(?:.*\/)?docker\/registry\/v2\/repositories\/(.+)\/_manifests\/tags\/([^/]+)\/current\/link$/;

/**
 * Names that a registry serves from this storage, `repository:tag`, sorted. Takes the paths of a tree in the layout of
 * Distribution v2 (the images' folder `registry/`); other paths say nothing.
 */
export function servedNames(paths: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const path of paths) {
    const found = tagLink.exec(path);
    if (found) names.add(`${found[1]}:${found[2]}`);
  }
  return [...names].sort();
}
