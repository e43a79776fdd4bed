import { type ClusterSpec, controlPlanes, type Host, isControlPlane } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { normalAddress } from '../domain/ip-range';
import { nobody } from './host-flags';
import { saysLogin } from './login-flags';
import { hostsToComplete, mergeRun } from './merge-run';
import { noSuchCluster } from './no-such-cluster';
import { refuse } from './one-report';
import type { RunInput } from './run-spec';
import { completeSpec, type SpecSources } from './spec';
import type { WantedHost } from './wanted';

/** A host as far as it matters for who it is. */
type Known = Pick<Host, 'id' | 'address' | 'roles'>;

/** The host of that id, or else at that address, however it is written. */
const hostAt = (hosts: readonly Known[], address: string): Known | undefined =>
  hosts.find(({ id }) => normalAddress(id) === normalAddress(address)) ?? hosts.find((host) => normalAddress(host.address) === normalAddress(address));

const roleOf = (roles: readonly string[]): string => (roles.includes('master') ? 'control plane' : 'worker');

/** The spec of a cluster with more hosts. Throws InvalidSpec for a host that is part of it, and for a cluster that nobody knows. */
export function addSpec({ cluster, hosts, flags, login }: Pick<RunInput, 'cluster' | 'hosts' | 'flags' | 'login'>, sources: SpecSources, saved: ClusterSpec | undefined): ClusterSpec {
  if (!saved) throw noSuchCluster(cluster);
  named(hosts);
  const known = hosts.flatMap(({ address }) => hostAt(saved.hosts, address) ?? []);
  if (known.length > 0) {
    throw new ClusterError('InvalidSpec', `${known.map(({ id, roles }) => `${id} is part of cluster ${cluster} already, as ${roleOf(roles)}`).join('; ')}`, {
      todo: 'name hosts that are not; `keelson status` lists them',
    });
  }
  const more = {
    name: cluster, images: [], env: [], configs: [], kubeadm: {}, command: [], force: false, login,
    policy: { ...(flags.wait === false ? { noWait: true } : {}), ...(flags.strictHostKeys ? { strictHostKeys: true } : {}) },
    ...(flags.port ? { port: flags.port } : {}),
    hosts: hostsToComplete(saved, hosts, saysLogin(login) || flags.port !== undefined),
  };
  return mergeRun(saved, completeSpec(more, sources, saved.credentials), more.policy);
}

/**
 * The spec of a cluster with fewer hosts. One that is leaving already may be named again: its removal was cut off, and goes
 * on. Throws InvalidSpec for a host that is no part of it, UnsafePlan when no control plane would be left.
 */
export function deleteSpec(cluster: string, hosts: readonly WantedHost[], saved: ClusterSpec | undefined, leaving: readonly Known[] = []): ClusterSpec {
  if (!saved) throw noSuchCluster(cluster);
  named(hosts);
  const strangers = hosts.flatMap(({ address, roles }) => {
    const host = hostAt([...saved.hosts, ...leaving], address);
    if (!host) return [`${address} is no part of cluster ${cluster}`];
    return isControlPlane(host) === roles.includes('master') ? [] : [`${address} is a ${roleOf(host.roles)}, not a ${roleOf(roles)}`];
  });
  if (strangers.length > 0) throw new ClusterError('InvalidSpec', strangers.join('; '), { todo: '`keelson status` lists the hosts and their roles' });
  const gone = new Set(hosts.flatMap(({ address }) => hostAt(saved.hosts, address)?.id ?? []));
  const staying = saved.hosts.filter(({ id }) => !gone.has(id));
  if (controlPlanes({ ...saved, hosts: staying }).length === 0) {
    throw new ClusterError('UnsafePlan', `no control plane would be left: ${[...gone].join(', ')}`, {
      todo: `to take the whole cluster away: keelson reset ${cluster}; to replace the control plane: keelson add --masters another one first`,
    });
  }
  const used = new Set(staying.map(({ credential }) => credential));
  return { ...saved, hosts: staying, force: false, credentials: Object.fromEntries(Object.entries(saved.credentials).filter(([id]) => used.has(id))) };
}

const named = (hosts: readonly WantedHost[]): unknown => refuse(hosts.length === 0 ? [nobody] : []);
