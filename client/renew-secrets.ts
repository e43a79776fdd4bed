import type { ClusterSpec, Credential, EnvEntry, Host, Sealed } from '../domain/cluster';
import type { Member } from '../domain/entity';
import { ClusterError } from '../domain/errors';
import { someOf } from '../domain/some-of';
import { credentialField, credentialParts, envField, hostEnvField, open, registryField, seal } from '../home/seal';
import type { Login } from './logins';
import { completeSpec, type SpecSources } from './spec';

type Members = Readonly<Record<string, Member>>;

export interface NewSecrets {
  readonly login: Login;
  /** The flags or the environment say how to log in. */
  readonly said?: boolean;
  readonly env: readonly EnvEntry[];
  readonly sources: SpecSources;
  /** The registry's password as its files on the hosts have it, sealed with the key of here. */
  readonly registryPassword?: Sealed;
  /** What is known of hosts, by id: those that leave are in no spec. */
  readonly members?: Members;
}

/** The spec, and what is known of hosts, with secrets that the key of this machine opens. */
export interface Renewed {
  readonly spec: ClusterSpec;
  readonly members?: Members;
}

/**
 * Undefined where the key of this machine opens everything. What was sealed with a lost key is taken from what is given anew.
 * Throws KeyMissing that names everything that is missing.
 */
export function withNewSecrets(spec: ClusterSpec, given: NewSecrets): Renewed | undefined {
  const lost = lostIn(spec, given.members);
  const lostOnHosts = [...new Set(spec.hosts.flatMap(lost.of).map(({ name }) => name))];
  if (!lost.logins && !lost.registry && lost.leavers.length + lost.env.length + lostOnHosts.length === 0) return undefined;

  const env = new Map(given.env.map(({ name, value }) => [name, value]));
  const sealed = (name: string, field: string): Sealed => seal(env.get(name) ?? '', { cluster: spec.name, field });
  const registry = given.registryPassword ?? (env.has('registryPassword') ? sealed('registryPassword', registryField) : undefined);
  const ofHosts = (name: string): string => someOf(spec.hosts.filter((host) => lost.of(host).some((one) => one.name === name)), ({ id }) => id, ', ');
  requireNothing(spec, [
    ...((lost.logins || lost.leavers.length > 0) && !given.said ? ['a login for the hosts (--passwd-file, --ask-passwd or --pk)'] : []),
    ...lost.env.filter(({ name }) => !env.has(name)).map(({ name }) => `--env ${name}=...`),
    ...lostOnHosts.filter((name) => !env.has(name)).map((name) => `--env ${name}=... (of ${ofHosts(name)})`),
    ...(lost.registry && !registry ? ['--env registryPassword=...'] : []),
  ]);
  const anew = (entries: readonly EnvEntry[], gone: readonly EnvEntry[], fieldOf: (name: string) => string): EnvEntry[] =>
    entries.map((entry) => (gone.includes(entry) ? { name: entry.name, value: sealed(entry.name, fieldOf(entry.name)) } : entry));
  const logged = lost.logins ? relogged(spec, spec.hosts, given) : spec;
  const renewed = {
    ...spec, credentials: logged.credentials, env: anew(spec.env, lost.env, envField), ...(lost.registry && registry ? { registryPassword: registry } : {}),
    hosts: logged.hosts.map((host) => ({ ...host, env: anew(host.env, lost.of(host), (name) => hostEnvField(host.id, name)) })),
  };
  return { spec: renewed, ...(given.members ? { members: renewedMembers(renewed, given.members, relogged(spec, lost.leavers, given)) } : {}) };
}

function requireNothing({ name }: ClusterSpec, missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new ClusterError('KeyMissing', `the key of this machine does not open the secrets of cluster ${name}`, {
    todo: `bring the key file from where the cluster was made, or give anew: ${missing.join('; ')}`,
  });
}

/** What the key of this machine does not open. `leavers`: hosts that leave, which have their logins with them; `of`: variables of a host. */
function lostIn(spec: ClusterSpec, members: Members = {}): { logins: boolean; leavers: Host[]; env: EnvEntry[]; registry: boolean; of(host: Host): EnvEntry[] } {
  const isLost = (value: string, field: string): boolean => !opens(value, { cluster: spec.name, field });
  const isLostLogin = (id: string, one: Credential | undefined): boolean => credentialParts.some((part) => one?.[part] !== undefined && isLost(one[part], credentialField(id, part)));
  const wanted = new Set(spec.hosts.map(({ id }) => id));
  return {
    logins: Object.entries(spec.credentials).some(([id, one]) => isLostLogin(id, one)),
    leavers: Object.values(members).filter(({ host, access }) => !wanted.has(host.id) && isLostLogin(host.credential, access)).map(({ host }) => host),
    env: spec.env.filter(({ name, value }) => isLost(value, envField(name))),
    registry: spec.registryPassword !== undefined && isLost(spec.registryPassword, registryField),
    of: (host) => host.env.filter(({ name, value }) => isLost(value, hostEnvField(host.id, name))),
  };
}

function opens(value: string, place: Parameters<typeof open>[1]): boolean {
  if (!value.startsWith('sealed:')) return true;
  try {
    open(value, place);
    return true;
  } catch (error) {
    if (error instanceof ClusterError) return false;
    throw error;
  }
}

type Logged = Pick<ClusterSpec, 'hosts' | 'credentials'>;

/** One new login for all of these hosts. */
function relogged({ name }: ClusterSpec, hosts: readonly Host[], { login, sources }: NewSecrets): Logged {
  const said = completeSpec({
    name, images: [], command: [], env: [], configs: [], kubeadm: {}, force: false, policy: {}, login,
    hosts: hosts.map(({ address, port, roles }) => ({ address, port, roles, env: [] })),
  }, sources);
  return { credentials: said.credentials, hosts: hosts.map((host, at) => ({ ...host, credential: said.hosts[at]?.credential ?? host.credential })) };
}

/** Hosts of the spec are reached as that says; of those that leave, the ones that have lost their login have the new one. */
function renewedMembers(spec: ClusterSpec, members: Members, { hosts, credentials }: Logged): Members {
  return Object.fromEntries(Object.entries(members).map(([id, member]): [string, Member] => {
    const stays = spec.hosts.find((host) => host.id === id);
    if (stays) return [id, { host: stays }];
    const host = hosts.find((one) => one.id === id);
    const access = host && credentials[host.credential];
    return [id, host && access ? { host, access } : member];
  }));
}
