/** Where an image can come from other than a registry, as skopeo names it. */
const transports = ['oci-archive', 'docker-archive', 'oci', 'containers-storage', 'docker'] as const;
type Transport = (typeof transports)[number];

/** An image reference taken apart. */
export interface Reference {
  readonly transport?: Transport;
  /** What stands after the transport; for names without one the whole reference. */
  readonly name: string;
}

/** Takes a reference apart, as skopeo reads it; one without a transport is a name. */
export function parseReference(ref: string): Reference {
  const transport = transports.find((one) => ref.startsWith(`${one}:`));
  if (!transport) return { name: ref };
  return { transport, name: ref.slice(transport.length + 1).replace(/^\/\//, '') };
}

/** Whether the first part of a name is a registry's address. */
const hasDomain = (name: string): boolean => {
  const [first, ...rest] = name.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first!);
};

/** A name with its tag: `latest` when it has neither tag nor digest; the tag beside a digest says nothing and goes. */
function withTag(name: string): string {
  const [path = '', digest] = name.split('@');
  const tagged = /:[^/:]*$/.test(path);
  if (digest) return `${path.replace(/:[^/:]*$/, '')}@${digest}`;
  return tagged ? path : `${path}:latest`;
}

/**
 * Names under which the store may know a reference, the likeliest first: as written, with its tag, and for a short name
 * the one that images built on this machine bear (`localhost/...`), then Docker Hub's, as sealos reads short names.
 */
export function storeNames(ref: string): string[] {
  const { transport, name } = parseReference(ref);
  if (transport && transport !== 'docker' && transport !== 'containers-storage') return [ref];
  const full = withTag(name);
  return [...new Set([ref, name, full, ...(hasDomain(name) ? [] : [`localhost/${full}`, hubName(full)])])];
}

/** The name at Docker Hub that a short name stands for. */
const hubName = (full: string): string => (full.includes('/') ? `docker.io/${full}` : `docker.io/library/${full}`);

/** Where the very content that a name of the store stands for can be had again. */
export const sourcesOfDigest = (ref: string, digest: string): string[] =>
  sourcesOf(ref).map((source) => (source.startsWith('docker://') ? `${source.replace(/@.*$/, '').replace(/:[^/:]*$/, '')}@${digest}` : source));

/** Names for skopeo to ask, in order. A `localhost/` name has no registry: only this machine's image storage may have it. */
export function sourcesOf(ref: string): string[] {
  const { transport, name } = parseReference(ref);
  if (transport === 'docker') return [`docker://${completeName(name)}`];
  if (transport) return [`${transport}:${name}`];
  if (name.startsWith('localhost/')) return [`containers-storage:${withTag(name)}`];
  return [`docker://${completeName(name)}`];
}

/** A name with registry and tag: what a short name means at the registry. */
function completeName(name: string): string {
  const full = withTag(name);
  return hasDomain(full) ? full : hubName(full);
}

/** The digest in a reference `name@sha256:...`. */
export const digestIn = (ref: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(ref)?.[1];
