import type { HostTarget } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { claimHost, markDone } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import { hostPaths } from '../domain/host-paths';
import { marks } from '../domain/marks';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { filesFor } from './files';
import { openImages } from './image-set';
import { inScope } from './scope';
import { syncTree } from './sync';

export interface HostInput {
  readonly where: Where;
  readonly host: HostTarget;
  readonly cluster: ClusterSlice;
}

/** Claims the host and brings its files. The first thing that changes a host. */
export const mountRootfs = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const claim = await session.run(claimHost(cluster.name, where.uid));
    if (claim.uid !== where.uid) {
      throw new ClusterError('HostClaimed', `${host.id} belongs to cluster ${claim.cluster} (${claim.uid})`, {
        host: host.id, todo: `take it out of the host list, or reset cluster ${claim.cluster} first`,
      });
    }
    const images = await openImages(deps, cluster, scope);
    const entries = await filesFor(deps, cluster, host, images);
    const sent = await syncTree(session, { name: 'files', base: hostPaths(cluster.name).data, entries, scope });
    scope.log(`sent ${sent.files} files, ${sent.sentBytes} bytes; kept ${sent.keptBytes} bytes`);
    await session.run(markDone(marks.mount(cluster, cluster.images, host, cluster.leader)));
  });
