import { ClusterError } from '../../domain/errors';
import { ask } from '../ask';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { submit } from '../submit';
import { watchOperation } from '../watch';
import { type NamedHosts, withoutHosts } from '../without-hosts';

type ResetFlags = CommonFlags & NamedHosts & { readonly force?: boolean; readonly wait?: boolean };

/** `keelson reset [name]`: asks for the cluster's name, then takes the cluster away and follows that. */
export async function reset(name: string | undefined, flags: ResetFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  if (flags.masters !== undefined || flags.nodes !== undefined) return resetPart(cluster, flags);
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    if (!flags.yes && !flags.force) {
      console.error(`This takes cluster ${cluster} and all its data away from ${(report.view?.hosts ?? []).map(({ id }) => id).join(', ') || 'its hosts'}.`);
      if ((await ask(`Type the cluster's name to go on: `, '--yes')).trim() !== cluster) {
        console.error('nothing was done');
        return exitCodes.refused;
      }
    }
    const accepted = await client.reset(cluster, { ...actorOf(flags), confirm: cluster, force: flags.force ?? false });
    return watchOperation(client, accepted, { json: flags.json ?? false, wait: flags.wait ?? false, embedded: isEmbedded(flags) });
  });
}

/** `keelson reset --nodes a,b`: only these hosts leave the cluster and become bare; the others stay one. */
async function resetPart(cluster: string, flags: ResetFlags): Promise<number> {
  return withCluster(cluster, flags, async (client) => {
    const spec = await client.desired(cluster);
    if (!spec) throw noSuchCluster(cluster);
    // What is wrong with the names is said before anybody is asked.
    const left = withoutHosts(spec, flags);
    const leaving = spec.hosts.filter(({ id }) => !left.hosts.some((host) => host.id === id)).map(({ id }) => id);
    if (leaving.length === 0) throw new ClusterError('InvalidSpec', 'no hosts are named', { todo: 'keelson reset --nodes 10.0.0.3; without --masters and --nodes it takes the whole cluster away' });
    if (!flags.yes && !flags.force) {
      console.error(`This takes ${leaving.join(', ')} out of cluster ${cluster}, with all that is on them.`);
      if ((await ask(`Type the cluster's name to go on: `, '--yes')).trim() !== cluster) {
        console.error('nothing was done');
        return exitCodes.refused;
      }
    }
    return submit(client, cluster, { ...flags, env: [], cmd: [], configFile: [], values: [], set: [], force: false }, ({ spec: now }) => withoutHosts(now ?? spec, flags));
  });
}
