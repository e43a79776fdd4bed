import type { ClusterSlice } from '../domain/cluster-slice';
import { ClusterError } from '../domain/errors';
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
  return Promise.all(cluster.images.map(async (facts) => ({ facts, tree: await openTree(deps, facts, scope) })));
}

/** The tree by its digest; where this Temporal worker has never seen the image, it is fetched by name first. */
export async function openTree(deps: Pick<Deps, 'images'>, { ref, digest }: Pick<ImageFacts, 'ref' | 'digest'>, scope: Scope): Promise<ImageTree> {
  try {
    return await deps.images.tree(digest, scope);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.type !== 'ImageNotFound') throw error;
    const found = await deps.images.resolve(ref, scope);
    if (found.digest === digest) return deps.images.tree(digest, scope);
    throw new ClusterError('ImageNotFound', `${ref} was ${digest} when the plan was made; here it is ${found.digest}`, {
      todo: 'name the image by its digest, or load the same image on every Temporal worker',
    }, { cause: error });
  }
}

/** The rootfs image. The plan refuses a cluster without one. */
export function rootfsOf(images: readonly OpenImage[]): OpenImage {
  const rootfs = images.find(({ facts }) => facts.kind === 'rootfs');
  if (!rootfs) throw new Error('a plan without a rootfs image');
  return rootfs;
}
