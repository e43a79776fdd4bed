import { ClusterError } from '../../domain/errors';
import { agree } from '../agree';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { sayAndFollow } from '../say-and-follow';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';

/** `keelson approve [name]`: a person's leave for the plan that waits; then follows it. Without a hash the plan is shown and asked. */
export async function approve(name: string | undefined, flags: CommonFlags & { wait?: boolean; planHash?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  const planHash = flags.planHash ?? await read(cluster, flags);
  if (planHash === undefined) {
    console.error('nothing was approved');
    return exitCodes.refused;
  }
  return sayAndFollow(cluster, flags, (client) => client.approve(cluster, { ...actorOf(flags), planHash }));
}

/** The hash of the plan that waits, when the person agrees to it. */
async function read(cluster: string, flags: CommonFlags): Promise<string | undefined> {
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    const waiting = report.view?.running?.waiting;
    if (waiting?.kind !== 'approval') throw new ClusterError('InvalidSpec', `no plan of cluster ${cluster} waits for approval`);
    if (!process.stdin.isTTY) throw new ClusterError('InvalidSpec', 'say which plan', { todo: `the one that waits is --plan-hash ${waiting.planHash ?? ''}` });
    return (flags.yes ?? await agree(waiting)) ? waiting.planHash : undefined;
  });
}
