import type { ClusterSpec, Credential, EnvEntry, Sealed } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { credentialField, credentialParts, envField, hostEnvField, open, registryField, seal } from '../home/seal';
import type { Login } from './logins';
import { completeSpec, type SpecSources } from './spec';

export interface NewSecrets {
  readonly login: Login;
  /** The flags or the environment say how to log in. */
  readonly said?: boolean;
  readonly env: readonly EnvEntry[];
  readonly sources: SpecSources;
  /** The registry's password as its files on the hosts have it, sealed with the key of here. */
  readonly registryPassword?: Sealed;
}

/**
 * The spec with secrets that the key of this machine opens: undefined when it opens all of them. What was sealed with a lost
 * key is taken from what is given anew. Throws KeyMissing that names everything that is missing.
 */
export function withNewSecrets(spec: ClusterSpec, given: NewSecrets): ClusterSpec | undefined {
  const opens = (value: string, field: string): boolean => {
    if (!value.startsWith('sealed:')) return true;
    try {
      open(value, { cluster: spec.name, field });
      return true;
    } catch (error) {
      if (error instanceof ClusterError) return false;
      throw error;
    }
  };
  const lostLogins = Object.entries(spec.credentials).filter(([id, one]) => credentialParts
    .some((part) => one[part] !== undefined && !opens(one[part], credentialField(id, part))));
  const lostEnv = spec.env.filter(({ name, value }) => !opens(value, envField(name)));
  const lostHosts = spec.hosts.flatMap((host) => host.env.filter(({ name, value }) => !opens(value, hostEnvField(host.id, name))).map(({ name }) => `${name} of ${host.id}`));
  const lostRegistry = spec.registryPassword !== undefined && !opens(spec.registryPassword, registryField);
  if (lostLogins.length + lostEnv.length + lostHosts.length === 0 && !lostRegistry) return undefined;

  const env = new Map(given.env.map(({ name, value }) => [name, value]));
  const missing = [
    ...(lostLogins.length > 0 && !given.said ? ['a login for the hosts (--passwd-file, --ask-passwd or --pk)'] : []),
    ...lostEnv.filter(({ name }) => !env.has(name)).map(({ name }) => `--env ${name}=...`),
    ...lostHosts,
    ...(lostRegistry && !given.registryPassword && !env.has('registryPassword') ? ['--env registryPassword=...'] : []),
  ];
  if (missing.length > 0) {
    throw new ClusterError('KeyMissing', `the key of this machine does not open the secrets of cluster ${spec.name}`, {
      todo: `bring the key file from where the cluster was made, or give anew: ${missing.join('; ')}`,
    });
  }
  return {
    ...spec, ...(lostLogins.length > 0 ? relogged(spec, given) : {}),
    env: spec.env.map((entry) => (lostEnv.includes(entry) ? { name: entry.name, value: seal(env.get(entry.name) ?? '', { cluster: spec.name, field: envField(entry.name) }) } : entry)),
    ...(lostRegistry && given.registryPassword ? { registryPassword: given.registryPassword } : {}),
  };
}

/** One new login for all hosts. */
function relogged(spec: ClusterSpec, { login, sources }: NewSecrets): Pick<ClusterSpec, 'hosts' | 'credentials'> {
  const said = completeSpec({
    name: spec.name, images: [], command: [], env: [], configs: [], kubeadm: {}, force: false, policy: {}, login,
    hosts: spec.hosts.map(({ address, port, roles }) => ({ address, port, roles, env: [] })),
  }, sources);
  const credentialOf = new Map(said.hosts.map(({ id, credential }) => [id, credential]));
  const credentials: Record<string, Credential> = { ...said.credentials };
  return { credentials, hosts: spec.hosts.map((host) => ({ ...host, credential: credentialOf.get(host.id) ?? host.credential })) };
}
