import { exitCodes } from '../exit-codes';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';

/** `keelson pause [name]`: nothing is begun any more; what runs goes on to its end. */
export async function pause(name: string | undefined, flags: CommonFlags & { reason?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  const running = await withCluster(cluster, flags, async (client) => {
    await client.pause(cluster, { ...actorOf(flags), ...(flags.reason ? { reason: flags.reason } : {}) });
    return (await client.status(cluster))?.view?.running;
  });
  const what = running ? `${running.operation} begins nothing any more; what runs just now goes on to its end (\`keelson status ${cluster}\` shows it)` : 'its next operation will wait';
  console.log(flags.json ? JSON.stringify({ cluster, paused: true, ...(running ? { operation: running.operation } : {}) }) : `${cluster} is paused: ${what}; \`keelson resume ${cluster}\` goes on`);
  return exitCodes.done;
}

/** `keelson resume [name]`: the end of a pause. */
export async function resume(name: string | undefined, flags: CommonFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  await withCluster(cluster, flags, (client) => client.resume(cluster, actorOf(flags)));
  console.log(flags.json ? JSON.stringify({ cluster, paused: false }) : `${cluster} goes on; \`keelson watch ${cluster}\` follows it`);
  return exitCodes.done;
}
