import { claimHost } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import type { Where } from '../domain/where';
import type { Session } from './ports';

/** Takes a host for the cluster, which is done once and may be done again. Throws HostClaimed where another one's claim stands. */
export async function claim(session: Session, host: string, { cluster, uid }: Pick<Where, 'cluster' | 'uid'>): Promise<void> {
  const there = await session.run(claimHost(cluster, uid));
  if (there.uid === uid) return;
  throw new ClusterError('HostClaimed', `${host} belongs to cluster ${there.cluster} (${there.uid})`, {
    host, todo: `take it out of the host list, or reset cluster ${there.cluster} first`,
  });
}
