import { markDone } from '../domain/commands/state';
import { hostPaths } from '../domain/host-paths';
import { marks } from '../domain/marks';
import { claim } from './claim';
import type { Deps } from './deps';
import { filesFor } from './files';
import type { HostInput } from './host-input';
import { openImages } from './image-set';
import { inScope } from './scope';
import { registryContent } from './registry-content';
import { stageTree } from './sync';

/** Claims the host and brings its files, on a registry host those of the registry too. The first thing that changes a host. */
export const mountRootfs = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    await claim(session, host.id, where);
    const images = await openImages(deps, cluster, scope);
    const entries = await filesFor(deps, cluster, host, images);
    const servesRegistry = cluster.registryHosts.some(({ id }) => id === host.id);
    const sets = [
      stageTree(session, { name: 'files', base: hostPaths(cluster.name).data, entries, scope, first: host.id === cluster.leader || servesRegistry }),
      // In the same time: all hosts wait for the registry next.
      ...(servesRegistry ? [stageTree(session, registryContent(cluster, images, scope))] : []),
    ];
    // Where one fails the other one is waited for: nothing must go on behind the end of an attempt.
    await Promise.allSettled(sets);
    for (const { report, activate } of await Promise.all(sets)) {
      await activate();
      scope.log(`sent ${report.files} files, ${report.sentBytes} bytes; kept ${report.keptBytes} bytes`);
    }
    await session.run(markDone(marks.mount(cluster, cluster.images, host, cluster.leader)));
  });
