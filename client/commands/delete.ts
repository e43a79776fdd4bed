import { ClusterError } from '../../domain/errors';
import { hostsFrom } from '../host-flags';
import { deleteSpec } from '../scale-spec';
import { clusterOf, withCluster } from '../session';
import type { SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson delete --masters a --nodes b`: hosts leave a cluster. With --force those are forgotten that cannot be reached. */
export async function deleteHosts(flags: SpecFlags): Promise<number> {
  const cluster = clusterOf(undefined, flags);
  const hosts = hostsFrom(flags);
  const forget = flags.force ? hosts.map(({ address }) => address) : [];
  if (!flags.yes && !flags.dryRun && !process.stdin.isTTY) {
    throw new ClusterError('InvalidSpec', 'a question cannot be asked without a terminal', { todo: 'give --yes to remove the hosts, or --dry-run to see what would be done' });
  }
  return withCluster(cluster, flags, (client) => submit(client, cluster, { ...flags, force: false }, ({ spec, view }) => deleteSpec(cluster, hosts, spec, view?.leaving), { forget }));
}
