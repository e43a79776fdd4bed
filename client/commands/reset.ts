import { ask } from '../ask';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withClient } from '../session';
import { watchOperation } from '../watch';

/** `keelson reset [name]`: asks for the cluster's name, then takes the cluster away and follows that. */
export async function reset(name: string | undefined, flags: CommonFlags & { force?: boolean; wait?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withClient(flags, async (client) => {
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
