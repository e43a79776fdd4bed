import { noTerminal } from '../ask';
import { readNamedHosts } from '../host-flags';
import { refuse } from '../one-report';
import { deleteSpec } from '../scale-spec';
import { clusterOf, withCluster } from '../session';
import { hashProblems, type SpecFlags } from '../spec-flags';
import { submit } from '../submit';

/** `keelson delete --masters a --nodes b`: hosts leave a cluster. With --force those are forgotten that cannot be reached. */
export async function deleteHosts(flags: SpecFlags): Promise<number> {
  const cluster = clusterOf(undefined, flags);
  const { hosts, problems } = readNamedHosts(flags);
  const nobodyToAsk = !flags.yes && !flags.planHash && !flags.dryRun && !process.stdin.isTTY;
  refuse([...hashProblems(flags), ...problems, ...(nobodyToAsk ? [noTerminal('--yes to remove the hosts, or --dry-run to see what would be done')] : [])]);
  const forget = flags.force ? hosts.map(({ address }) => address) : [];
  return withCluster(cluster, flags, (client) => submit(client, cluster, { ...flags, force: false }, ({ spec, view }) => deleteSpec(cluster, hosts, spec, view?.leaving), { forget }));
}
