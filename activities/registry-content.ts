import type { ClusterSlice } from '../domain/cluster-slice';
import { hostPaths } from '../domain/host-paths';
import type { OpenImage } from './image-set';
import type { Scope, TreeEntry } from './ports';
import type { SyncRequest } from './sync';

/**
 * What the registries serve: the images' registry/ folders over each other, as a set of its own beside a host's other files. While an upgrade lasts,
 * what earlier images have brought stays: hosts of the former version still pull it.
 */
export function registryContent(cluster: ClusterSlice, images: readonly OpenImage[], scope: Scope): SyncRequest {
  const entries = new Map<string, TreeEntry>();
  for (const { tree } of images) for (const entry of tree.registry) entries.set(entry.path, { ...entry, path: `rootfs/${entry.path}` });
  return { name: 'registry', base: hostPaths(cluster.name).data, entries: [...entries.values()], scope, first: true, ...(cluster.upgrading ? { keepOthers: true } : {}) };
}
