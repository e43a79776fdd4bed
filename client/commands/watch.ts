import { entityId } from '../../workflows/messages';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { watchOperation } from '../watch';

/** `keelson watch [name]`: follows the operation that runs; without one, tells how the last one ended. */
export async function watch(name: string | undefined, flags: CommonFlags & { operation?: string; wait?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    const report = flags.operation ? undefined : await client.status(cluster);
    const operation = flags.operation ?? report?.view?.running?.operation ?? report?.view?.log.at(-1)?.operation ?? report?.running[0]?.split('/').at(-1);
    if (!operation && report) {
      console.log(`${cluster}: no operation was started yet`);
      return exitCodes.done;
    }
    if (!operation) throw noSuchCluster(cluster);
    return watchOperation(client, `${entityId(cluster)}/${operation}`, { json: flags.json ?? false, wait: flags.wait ?? false, embedded: isEmbedded(flags) });
  });
}
