import type { ClusterSlice } from '../domain/cluster-slice';
import type { Deps } from './deps';
import { envFor, type HostOf } from './host-env';
import { type OpenImage, rootfsOf } from './image-set';
import type { TreeEntry } from './ports';

/**
 * All files a host gets, below the cluster's data folder: rootfs and patches over each other in mount order, and on the
 * leader each application in a folder of its own. Merged and rendered with that host's variables.
 */
export async function filesFor(deps: Deps, cluster: ClusterSlice, host: HostOf, images: readonly OpenImage[]): Promise<TreeEntry[]> {
  const rootfs = rootfsOf(images);
  const all = new Map<string, TreeEntry>();
  for (const image of images) {
    const application = image.facts.kind === 'application';
    if (application && host.id !== cluster.leader) continue;
    const { values } = envFor(deps, cluster, host, application ? image : rootfs);
    const env = application ? values : { ...image.tree.config.env, ...values };
    const entries = await deps.renderer.render(image.tree, { ref: image.facts.ref, configs: cluster.configs, env });
    const base = application ? `applications/${image.facts.mountName}/workdir` : 'rootfs';
    for (const entry of entries) all.set(`${base}/${entry.path}`, { ...entry, path: `${base}/${entry.path}` });
  }
  return [...all.values()];
}
