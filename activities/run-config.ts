import type { ClusterSlice } from '../domain/cluster-slice';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { filesFor } from './files';
import type { HostOf } from './host-env';
import { openImages } from './image-set';
import { initConfig } from './kubeadm';
import { inScope } from './scope';

export interface RunConfigInput {
  readonly where: Where;
  readonly cluster: ClusterSlice;
  readonly hosts: readonly HostOf[];
}

/**
 * Merges and renders everything once, for every host, and keeps nothing: a Config document that does not fit, a template
 * that cannot be rendered or a kubeadm document that is wrong shows here, before a host is touched.
 */
export const runConfig = (deps: Deps) => async ({ where, cluster, hosts }: RunConfigInput): Promise<void> =>
  inScope(deps, where, 'images', async (scope) => {
    const images = await openImages(deps, cluster, scope);
    for (const host of hosts) {
      const files = await filesFor(deps, cluster, host, images);
      scope.log(`${host.id}: ${files.length} files`);
      scope.beat(host.id);
    }
    initConfig(cluster, images, { criSocket: 'unix:///run/containerd/containerd.sock', cgroupDriver: 'systemd', hostname: 'leader' });
  });
