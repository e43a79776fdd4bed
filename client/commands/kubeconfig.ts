import { exitCodes } from '../exit-codes';
import { fetchKubeconfig } from '../fetch-kubeconfig';
import { kubeconfigFile, mergeInto } from '../kubeconfig';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, isEmbedded, withCluster } from '../session';
import { TemporalUnavailable } from '../temporal-unavailable';

/** `keelson kubeconfig [name]`: prints it, or merges it into the file that kubectl writes to. */
export async function kubeconfig(name: string | undefined, flags: CommonFlags & { merge?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    const [spec, report] = await Promise.all([client.desired(cluster), client.status(cluster)]);
    if (!report || !spec) throw noSuchCluster(cluster);
    if (!report.view) throw new TemporalUnavailable('no Temporal worker answers', { todo: '`keelson local start`, or `keelson worker`' });
    const text = await fetchKubeconfig(spec, report.view, { allowLocal: isEmbedded(flags), say: console.error });
    if (!flags.merge) {
      process.stdout.write(flags.json ? `${JSON.stringify({ cluster, kubeconfig: text })}\n` : text);
      return exitCodes.done;
    }
    const file = kubeconfigFile();
    mergeInto(file, text);
    console.log(flags.json ? JSON.stringify({ cluster, context: `keelson-${cluster}`, file }) : `context keelson-${cluster} is now the current one of ${file}`);
    return exitCodes.done;
  });
}
