import { exitCodes } from '../exit-codes';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';

/** `keelson cancel [name]`: ends the operation that runs. */
export async function cancel(name: string | undefined, flags: CommonFlags & { reason?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  await withCluster(cluster, flags, (client) => client.cancel(cluster, { ...actorOf(flags), ...(flags.reason ? { reason: flags.reason } : {}) }));
  console.log(flags.json ? JSON.stringify({ cluster, cancelled: true }) : `${cluster}: the operation was told to end; \`keelson watch ${cluster}\` shows how it does`);
  return exitCodes.done;
}
