import { clusterOf, type CommonFlags, actorOf } from '../session';
import { sayAndFollow } from '../say-and-follow';

/** `keelson retry [name]`: a person's word to a parked operation; then follows it. */
export async function retry(name: string | undefined, flags: CommonFlags & { wait?: boolean; host?: string }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return sayAndFollow(cluster, flags, (client) => client.retry(cluster, { ...actorOf(flags), ...(flags.host ? { host: flags.host } : {}) }));
}
