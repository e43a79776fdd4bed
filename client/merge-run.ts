import type { ClusterSpec, Policy } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { withImages } from '../domain/image-name';
import type { WantedHost } from './wanted';

/**
 * The hosts that `run` has to complete on a cluster that is known. With a login in the flags: those they name, or all of
 * the cluster's when they name none. Without one: the new ones only, which log in as the cluster's first host does.
 */
export function hostsToComplete(saved: ClusterSpec, named: readonly WantedHost[], relogin: boolean): WantedHost[] {
  const known = (host: WantedHost): boolean => saved.hosts.some(({ id }) => id === host.address);
  if (relogin) return named.length > 0 ? [...named] : saved.hosts.map(({ address, port, roles }) => ({ address, port, roles, env: [] }));
  const first = saved.hosts[0];
  return named.filter((host) => !known(host)).map((host) => (first ? { port: first.port, ...host, credential: first.credential } : host));
}

/**
 * `run` on a cluster that is known: new images and new hosts are appended, another version of an image takes its place, variables and Config documents of the same
 * name replaced, logins of known hosts renewed. `said` is the spec of the flags, with the hosts of hostsToComplete();
 * `policy` is what of its policy was said, and is not just a default.
 */
export function mergeRun(saved: ClusterSpec, said: ClusterSpec, policy: Partial<Policy> = {}): ClusterSpec {
  const again = new Map(said.hosts.map((host) => [host.id, host]));
  const hosts = [
    ...saved.hosts.map((host) => {
      const named = again.get(host.id);
      return named ? { ...host, port: named.port, credential: named.credential, ...(named.knownKeys ? { knownKeys: named.knownKeys } : {}) } : host;
    }),
    ...said.hosts.filter(({ id }) => !saved.hosts.some((host) => host.id === id)),
  ];
  const credentials = { ...saved.credentials, ...said.credentials };
  const used = new Set(hosts.map(({ credential }) => credential));
  return {
    ...saved,
    images: withImages(saved.images, said.images),
    hosts,
    credentials: Object.fromEntries(Object.entries(credentials).filter(([id]) => used.has(id))),
    env: byName(saved.env, said.env),
    configs: byName(saved.configs, said.configs),
    kubeadm: { ...saved.kubeadm, ...said.kubeadm },
    command: said.command.length > 0 ? said.command : saved.command,
    policy: { ...saved.policy, ...policy, noWait: said.policy.noWait },
    force: said.force,
    ...(said.controlPlaneEndpoint ? { controlPlaneEndpoint: said.controlPlaneEndpoint } : {}),
  };
}

function byName<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): T[] {
  return [...new Map([...before, ...after].map((one) => [one.name, one])).values()];
}

const changing = new Set(['RunConfig', 'MountRootfs', 'MirrorRegistry', 'Upgrade', 'Settings', 'Bootstrap', 'Init', 'Join', 'RunGuest']);

/**
 * Whether no operation has changed a host of the cluster yet: what it failed at were checks. Then a `run` replaces the
 * saved spec, so that a host that was mistyped does not stay in it.
 */
export const isUntouched = ({ conditions }: EntityView): boolean => !conditions.some(({ type }) => changing.has(type));
