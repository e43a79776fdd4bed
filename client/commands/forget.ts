import { exitCodes } from '../exit-codes';
import { actorOf, clusterOf, type CommonFlags, keepUnwatched, withCluster } from '../session';

/** `keelson forget [name]`: ends the record of a cluster of which nothing is left. Refused while hosts are members, unless --force. */
export async function forget(name: string | undefined, flags: CommonFlags & { readonly force?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    await keepUnwatched(client, cluster, flags);
    await client.forget(cluster, { ...actorOf(flags), confirm: cluster, ends: true, force: flags.force ?? false });
    console.log(flags.json ? JSON.stringify({ cluster, forgotten: true }) : `${cluster}: forgotten; its logs and histories stay below KEELSON_HOME`);
    return exitCodes.done;
  });
}
