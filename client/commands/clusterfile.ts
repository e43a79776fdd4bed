import { exitCodes } from '../exit-codes';
import { currentClusterfile } from '../keep-clusterfile';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, withCluster } from '../session';

/** `keelson clusterfile [name]`: prints what is wanted as a Clusterfile: the one that was applied, with later changes written into it. */
export async function clusterfile(name: string | undefined, flags: CommonFlags & { sealed?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    const text = await currentClusterfile(client, cluster, { sealed: flags.sealed ?? false });
    if (text === undefined) throw noSuchCluster(cluster);
    process.stdout.write(flags.json ? `${JSON.stringify({ cluster, clusterfile: text })}\n` : text);
    return exitCodes.done;
  });
}
