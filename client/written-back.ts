import { gunzipSync, gzipSync } from 'node:zlib';
import type { ClusterSpec, Credential } from '../domain/cluster';
import { documentsOfSpec, editClusterfile, parseClusterfile, writeClusterfile } from '../domain/clusterfile';
import { sshOf } from '../domain/clusterfile/of-spec';
import { digestOf } from '../domain/digest';
import { ClusterError } from '../domain/errors';
import { fileField, open, seal } from '../home/seal';
import { clusterfileSpec } from './clusterfile-spec';
import type { SpecSources } from './spec';

/** As much as the entity of a cluster keeps; a longer file is written anew from the spec when somebody asks for it. */
const longest = 192 * 1024;

/**
 * A Clusterfile as the cluster's entity keeps it: packed, and sealed as a whole, for it may hold secrets in clear in any
 * place, a comment or a document that nobody knows. Undefined for one that is too long.
 */
export function sealFile(text: string, cluster: string): string | undefined {
  const sealed = seal(gzipSync(text, { level: 9 }).toString('base64'), { cluster, field: fileField });
  return sealed.length > longest ? undefined : sealed;
}

/** The text again. Throws KeyMissing where this machine has not the key. */
export const openFile = (sealed: string, cluster: string): string =>
  gunzipSync(Buffer.from(open(sealed, { cluster, field: fileField }), 'base64'), { maxOutputLength: 8 << 20 }).toString('utf8');

export interface WriteBack {
  /** What the user applied last; absent where there was no file. */
  readonly text?: string | undefined;
  readonly spec: ClusterSpec;
  readonly sources: SpecSources;
  /** No secret in clear, whatever the user wrote. */
  readonly sealed?: boolean;
}

/**
 * The Clusterfile of a cluster as it is wanted now: the user's own text with what was changed since written into it, or one
 * made from the spec where there is no text, or where the text cannot say it. Applying it asks for this very spec.
 */
export function writtenBack({ text, spec, sources, sealed = false }: WriteBack): string {
  const made = () => writeClusterfile(documentsOfSpec(spec));
  if (text === undefined) return made();
  try {
    const edited = editClusterfile({ text, said: read(escaped(text), spec, sources), wanted: spec, sealed });
    return digestOf(meaning(read(edited, spec, sources))) === digestOf(meaning(spec)) ? edited : made();
  } catch (error) {
    // E.g. a key file that is named by its path and lies on another machine.
    if (error instanceof ClusterError) return made();
    throw error;
  }
}

/** The text is kept as it was rendered: braces in it are text, and no template. */
const escaped = (text: string): string => text.replaceAll('{{', '{{ "{{" }}');

const noFlags = { env: [], cmd: [], configFile: [], values: [], set: [] };

/** What a text asks for by itself: no flag and no variable of this environment speaks. A login that is not said is no mistake. */
function read(text: string, saved: ClusterSpec, sources: SpecSources): ClusterSpec {
  const { documents } = parseClusterfile(text, { file: 'Clusterfile' });
  return clusterfileSpec(documents, { flags: noFlags, logins: { flags: {}, environment: {} }, sources: { ...sources, agentSocket: sources.agentSocket ?? 'none' }, saved });
}

/** What a Clusterfile can say of a spec: not the names of logins, nor what one machine or one operation added. */
function meaning({ force: _force, registryPassword: _made, credentials, hosts, policy, ...rest }: ClusterSpec): unknown {
  const login = (id: string): unknown => sshOf(credentials[id] as Credential);
  return {
    ...rest, policy: { ...policy, noWait: false },
    hosts: hosts.map(({ knownKeys: _known, credential, ...host }) => ({ ...host, login: login(credential) })),
  };
}
