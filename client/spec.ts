import { type ClusterSpec, type Credential, defaultPolicy, type EnvEntry, type Host } from '../domain/cluster';
import { isSecretName } from '../domain/env';
import { ClusterError } from '../domain/errors';
import { normalAddress } from '../domain/ip-range';
import { nodeSettingsOf } from '../domain/node-settings';
import type { Problem } from '../domain/problem';
import { envField, hostEnvField, isSealed, seal } from '../home/seal';
import { Logins, type LoginSources } from './logins';
import { refuse } from './one-report';
import type { Wanted, WantedHost } from './wanted';

export interface SpecSources extends LoginSources {
  /** Host keys known for an address, as `<type> <base64>`. */
  readonly knownKeys: (address: string, port: number) => readonly string[];
}

/**
 * The complete spec: defaults filled in, every secret sealed for its place (the fields of home/seal.ts). `saved` are the credentials of the spec before, so that unchanged ones stay as they are.
 * Throws ClusterError InvalidSpec when hosts cannot be logged in to or key files cannot be read.
 */
export function completeSpec(wanted: Wanted, sources: SpecSources, saved: Readonly<Record<string, Credential>> = {}): ClusterSpec {
  const { spec, problems } = trySpec(wanted, sources, saved);
  refuse(problems.map(({ where: _login, ...problem }) => problem));
  return spec;
}

/** The same, for a report: what is wrong with logins beside a spec that is whole but for them, and fit for its rules only. A look alone gives `keysForALook()` in the sources, so that no key is made for it. */
export function trySpec(wanted: Wanted, sources: SpecSources, saved: Readonly<Record<string, Credential>> = {}): { spec: ClusterSpec; problems: Problem[] } {
  const { name, images, command, configs, kubeadm, force, controlPlaneEndpoint } = wanted;
  const logins = new Logins(name, sources, saved);
  const problems: Problem[] = [];
  const hosts = wanted.hosts.map((host) => completeHost(host, wanted, sources, () => {
    try {
      return logins.idFor(host.address, { ...wanted.login, ...host.login });
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      problems.push({ severity: 'error', type: error.type, host: host.address, where: 'ssh', message: error.message, ...(error.details.todo ? { todo: error.details.todo } : {}) });
      return '';
    }
  }));
  const spec = {
    name, images, hosts, command, configs, kubeadm, force,
    credentials: { ...logins.credentials(hosts.map(({ credential }) => credential)), ...(problems.length > 0 ? { '': { user: '' } } : {}) },
    env: sealEnv(name, wanted.env, envField, sources),
    policy: { ...defaultPolicy, ...wanted.policy },
    ...(controlPlaneEndpoint ? { controlPlaneEndpoint } : {}),
  };
  return { spec, problems };
}

function completeHost(host: WantedHost, wanted: Wanted, sources: SpecSources, login: () => string): Host {
  const { address } = host;
  const port = host.port ?? wanted.port ?? sources.settings(address).port ?? 22;
  const knownKeys = sources.knownKeys(address, port);
  return {
    id: address,
    // Nodes and members of etcd are known by their addresses, and Kubernetes writes those in the shortest form (RFC 5952).
    address: normalAddress(address),
    port,
    roles: host.roles,
    credential: host.credential ?? login(),
    env: sealEnv(wanted.name, host.env, (variable) => hostEnvField(address, variable), sources),
    ...(knownKeys.length > 0 ? { knownKeys } : {}),
    ...(host.hostKeys ? { hostKeys: host.hostKeys } : {}),
    ...nodeSettingsOf(host),
  };
}

/** Seals the values of variables whose names tell of a secret; the last of equal names wins, at its first place. */
function sealEnv(cluster: string, env: readonly EnvEntry[], fieldOf: (name: string) => string, { keys }: SpecSources): EnvEntry[] {
  const values = new Map(env.map(({ name, value }) => [name, value]));
  return [...values].map(([name, value]) => ({
    name,
    value: isSecretName(name) && value !== '' && !isSealed(value) ? seal(value, { cluster, field: fieldOf(name) }, keys) : value,
  }));
}
