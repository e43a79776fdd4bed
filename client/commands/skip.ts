import { sayAndFollow } from '../say-and-follow';
import { actorOf, clusterOf, type CommonFlags } from '../session';

/** `keelson skip [name]`: leaves out what has failed on a host or of an image; then follows the rest. */
export async function skip(name: string | undefined, flags: CommonFlags & { wait?: boolean; host?: string; image?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  const { host, image } = flags;
  return sayAndFollow(cluster, flags, async (client) => {
    const jobs = await client.skip(cluster, { ...actorOf(flags), ...(host ? { host } : {}), ...(image ? { image } : {}) });
    process.stderr.write(`left out: ${jobs.join(', ')}\n`);
  });
}
