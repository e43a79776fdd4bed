import { ClusterError } from '../../../domain/errors';
import { factsOf, kindOf } from '../../../domain/image-labels';
import type { ImageFacts, ImageKind } from '../../../domain/images';
import type { Images, ImageTree } from '../../ports';
import { ensureImage } from './fetch';
import { readImage, type ReadImage } from './image-config';
import { kubeadmDefaults } from './kubeadm-defaults';
import { loadImage } from './load';
import { listRefs, readRef, removeRef, type StoredRef } from './refs';
import type { CopyLimits } from './skopeo';
import { SharedWork, type WorkOptions } from './shared-work';
import { openTree, type StoredTree } from './trees';

/** A name of the store as a person wants to see it. */
export interface ImageListing {
  readonly ref: string;
  readonly digest: string;
  /** Bytes of its layers as they are stored. */
  readonly size: number;
  /** ISO time the image was built at. */
  readonly created?: string;
  readonly kind: ImageKind;
}

/** The content store and what people do with it beside running clusters. */
export interface Store extends Images {
  list(): Promise<ImageListing[]>;
  /**
   * Brings an image from an OCI layout (folder or archive) or a Docker archive into the store under the names given, or
   * under its own. Throws ImageNotFound, InvalidImage, and InvalidSpec when it has no name.
   */
  load(path: string, names?: readonly string[], options?: Partial<WorkOptions>): Promise<StoredRef[]>;
  /** Takes a name out of the store; false when it was not there. Blobs and trees stay. */
  remove(ref: string): Promise<boolean>;
}

/**
 * The content store in a folder that several processes may share. Needs neither root nor a daemon; skopeo to fetch.
 * `copying`: when a source is given up.
 */
export function createStore({ dir, ...copying }: { dir: string } & CopyLimits): Store {
  const work = new SharedWork();
  const openImage = (ref: string, digest: string, options: WorkOptions): Promise<Opened> =>
    work.join(`tree ${digest}`, options, async (shared) => {
      const image = await readImage(dir, digest).catch((error: unknown) => { throw notHere(dir, ref, error); });
      return { image, ...(await openTree(dir, digest, image, shared)) };
    });

  return {
    resolve: async (ref, options) => {
      const stored = await work.join(`ref ${ref}`, options, (shared) => ensureImage(dir, ref, { ...shared, ...copying }));
      return factsFrom(ref, stored.digest, await openImage(ref, stored.digest, options));
    },
    tree: async (digest, options): Promise<ImageTree> => (await openImage(digest, digest, options)).tree,
    list: async () => Promise.all((await listRefs(dir)).map((stored) => listing(dir, stored))),
    load: async (path, names = [], options = {}) =>
      loadImage(dir, path, names, { signal: options.signal ?? new AbortController().signal, beat: options.beat ?? (() => undefined) }),
    remove: async (ref) => {
      const there = (await readRef(dir, ref)) !== undefined;
      await removeRef(dir, ref);
      return there;
    },
  };
}

interface Opened extends StoredTree {
  readonly image: ReadImage;
}

function factsFrom(ref: string, digest: string, { image, tree, unpackedBytes }: Opened): ImageFacts {
  return factsOf({
    ref, digest, unpackedBytes, config: image.config,
    ...(image.architecture ? { architecture: image.architecture } : {}),
    ...kubeadmDefaults(tree),
  });
}

async function listing(dir: string, { ref, digest }: StoredRef): Promise<ImageListing> {
  const { layers, created, config } = await readImage(dir, digest);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  return { ref, digest, size, kind: kindOf(config.labels), ...(created ? { created } : {}) };
}

function notHere(dir: string, ref: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new ClusterError('ImageNotFound', `image ${ref} is not in the store ${dir} of this Temporal worker`, {
    todo: 'Retry: it is fetched again by name. An image that was loaded from a file must be loaded on every Temporal worker.',
  }, { cause: error });
}
