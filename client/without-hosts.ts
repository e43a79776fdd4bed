import { type ClusterSpec, isControlPlane } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { parseHostList } from '../domain/host-list';
import { normalAddress } from '../domain/ip-range';

/** Hosts by their role, as `--masters` and `--nodes` name them. */
export interface NamedHosts {
  readonly masters?: string;
  readonly nodes?: string;
}

/**
 * The spec without some of its hosts. Throws InvalidSpec for one that is no host of the cluster or has the other role, and
 * UnsafePlan when no control plane would be left: that is what a reset of the whole cluster is for.
 */
export function withoutHosts(spec: ClusterSpec, { masters, nodes }: NamedHosts): ClusterSpec {
  const wanted = [
    ...parseHostList(masters ?? '', undefined, '--masters').map(({ address }) => ({ address, master: true })),
    ...parseHostList(nodes ?? '', undefined, '--nodes').map(({ address }) => ({ address, master: false })),
  ];
  const found = wanted.map((one) => ({ ...one, host: spec.hosts.find(({ address }) => normalAddress(address) === normalAddress(one.address)) }));
  const strangers = found.filter(({ host }) => !host).map(({ address }) => address);
  if (strangers.length > 0) throw new ClusterError('InvalidSpec', `cluster ${spec.name} has no host ${strangers.join(', ')}`, { todo: `its hosts are ${spec.hosts.map(({ id }) => id).join(', ')}` });
  const turned = found.filter(({ host, master }) => host && isControlPlane(host) !== master);
  if (turned.length > 0) {
    throw new ClusterError('InvalidSpec', turned.map(({ address, master }) => `${address} is ${master ? 'a worker' : 'a control plane'}`).join('; '), { todo: 'name control planes with --masters and workers with --nodes' });
  }
  const gone = new Set(found.map(({ host }) => host?.id));
  const hosts = spec.hosts.filter(({ id }) => !gone.has(id));
  if (!hosts.some(isControlPlane)) {
    throw new ClusterError('UnsafePlan', `cluster ${spec.name} would have no control plane left`, { todo: `\`keelson reset ${spec.name}\` takes the whole cluster away` });
  }
  return { ...spec, hosts };
}
