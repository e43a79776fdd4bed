import type { ClusterSlice } from '../domain/cluster-slice';
import type { ImageFacts } from '../domain/images';
import type { Deps } from './deps';
import type { ImageTree, Scope } from './ports';

export interface OpenImage {
  readonly facts: ImageFacts;
  readonly tree: ImageTree;
}

/**
 * The cluster's images, unpacked on this Temporal worker, in mount order. A tree is a function of its digest, so any
 * Temporal worker that can fetch the image makes the same one.
 */
export async function openImages(deps: Deps, cluster: ClusterSlice, scope: Scope): Promise<OpenImage[]> {
  return Promise.all(cluster.images.map(async (facts) => ({ facts, tree: await deps.images.tree(facts.digest, scope) })));
}

/** The rootfs image. The plan refuses a cluster without one. */
export function rootfsOf(images: readonly OpenImage[]): OpenImage {
  const rootfs = images.find(({ facts }) => facts.kind === 'rootfs');
  if (!rootfs) throw new Error('a plan without a rootfs image');
  return rootfs;
}
