import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { ClusterSpec, Credential, EnvEntry, Sealed } from '../domain/cluster';
import { ensureKeys, loadKeys } from '../home/key';
import type { KeyRing } from '../home/key-file';
import { keyFile } from '../home/paths';
import { credentialField, credentialParts, envField, fileField, hostEnvField, isSealed, keyIdOf, open, registryField, seal } from '../home/seal';

/**
 * What every spec gets on its way to the cluster, from whichever program it comes: the password of its registry, and its
 * secrets under the current key. `saved` is the spec of the cluster as it is; undefined for a new one.
 */
export const prepareSpec = (spec: ClusterSpec, saved: ClusterSpec | undefined): ClusterSpec => resealed(withRegistryPassword(spec, saved));

/** Takes over the password the cluster has; only a new cluster gets one, since a running registry keeps its own. */
export function withRegistryPassword(spec: ClusterSpec, saved: ClusterSpec | undefined): ClusterSpec {
  if (spec.registryPassword !== undefined || saved?.registryPassword !== undefined) {
    return { ...spec, registryPassword: saved?.registryPassword ?? (spec.registryPassword as Sealed) };
  }
  if (saved) return spec;
  return { ...spec, registryPassword: seal(randomBytes(24).toString('base64url'), { cluster: spec.name, field: registryField }, ensureKeys()) };
}

/** Secrets that a former key has sealed, sealed by the current one. What this machine has no key for stays as it is. */
function resealed(spec: ClusterSpec): ClusterSpec {
  if (!existsSync(keyFile())) return spec;
  const keys = loadKeys();
  const anew = (value: string, field: string): Sealed => sealAnew(value, { cluster: spec.name, field }, keys);
  const entries = (env: readonly EnvEntry[], fieldOf: (name: string) => string): EnvEntry[] =>
    env.map(({ name, value }) => ({ name, value: anew(value, fieldOf(name)) }));
  const credential = (id: string, one: Credential): Credential => ({
    ...one,
    ...Object.fromEntries(credentialParts.flatMap((part) => (one[part] === undefined ? [] : [[part, anew(one[part], credentialField(id, part))]]))),
  });
  return {
    ...spec,
    credentials: Object.fromEntries(Object.entries(spec.credentials).map(([id, one]) => [id, credential(id, one)])),
    env: entries(spec.env, envField),
    hosts: spec.hosts.map((host) => ({ ...host, env: entries(host.env, (name) => hostEnvField(host.id, name)) })),
    ...(spec.registryPassword === undefined ? {} : { registryPassword: anew(spec.registryPassword, registryField) }),
  };
}

/** The cluster's Clusterfile, sealed as a whole, under the current key. */
export const resealedFile = (sealed: string, cluster: string): string =>
  (existsSync(keyFile()) ? sealAnew(sealed, { cluster, field: fileField }, loadKeys()) : sealed);

function sealAnew(value: string, context: { cluster: string; field: string }, keys: KeyRing): string {
  const opens = isSealed(value) && keys.former.some(({ id }) => id === keyIdOf(value));
  return opens ? seal(open(value, context, keys), context, keys) : value;
}
