const transport = /^(?:oci-archive|docker-archive|oci|containers-storage|docker):(?:\/\/)?/;

/** A reference without transport, digest and tag. */
export const repositoryOf = (ref: string): string => ref.replace(transport, '').replace(/@.*$/, '').replace(/:[^:/]*$/, '');

/**
 * What an image is called whatever its version: the reference without transport, digest and tag, and without what
 * registries add by themselves. Two references of one name are two versions of one thing.
 */
export const imageName = (ref: string): string =>
  repositoryOf(ref).replace(/^docker\.io\/(?:library\/)?/, '').replace(/^library\//, '');

/** The images with others added: another version of one that is there takes its place, what is new comes last. */
export function withImages(before: readonly string[], added: readonly string[]): string[] {
  const newest = new Map(added.map((ref) => [imageName(ref), ref]));
  const kept = before.map((ref) => newest.get(imageName(ref)) ?? ref);
  return [...new Set([...kept, ...added])];
}
