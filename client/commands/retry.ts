import { entityId } from '../../workflows/messages';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, isEmbedded, withClient } from '../session';
import { watchOperation } from '../watch';

/** `keelson retry [name]`: a person's word to a parked operation; then follows it. */
export async function retry(name: string | undefined, flags: CommonFlags & { wait?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withClient(flags, async (client) => {
    const running = (await client.status(cluster))?.view?.running;
    await client.retry(cluster, actorOf(flags));
    if (!running) throw noSuchCluster(cluster);
    return watchOperation(client, `${entityId(cluster)}/${running.operation}`, { json: flags.json ?? false, wait: flags.wait ?? false, embedded: isEmbedded(flags), attached: true });
  });
}
