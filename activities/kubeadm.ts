import type { Runtime } from '../domain/commands/bootstrap';
import type { ClusterSlice } from '../domain/cluster-slice';
import { initDocuments, joinDocuments } from '../domain/kubeadm';
import { hasShim, readImageFile } from './image-file';
import { type OpenImage, rootfsOf } from './image-set';

const imageOf = (cluster: ClusterSlice, images: readonly OpenImage[]) => {
  const { facts, tree } = rootfsOf(images);
  // An image with a balancer of its own has no virtual IP, and its networks need not keep clear of one.
  const vip = facts.apiBalancer ? undefined : facts.vip;
  return { version: cluster.version, defaults: readImageFile(tree, 'etc/kubeadm.yml') ?? '', env: tree.config.env, hasShim: hasShim(tree), ...(vip ? { vip } : {}) };
};

/**
 * The kubeadm documents for `init`: the image's defaults, the user's documents, this host's facts. `on` is the control
 * plane whose they are; the leader when left out.
 */
export const initConfig = (cluster: ClusterSlice, images: readonly OpenImage[], runtime: Runtime, on = cluster.leader): string => {
  const leader = cluster.controlPlanes.find(({ id }) => id === on);
  return initDocuments({
    cluster,
    image: imageOf(cluster, images),
    host: { ...runtime, nodeName: runtime.hostname, address: leader?.address ?? '' },
  });
};

/** The kubeadm documents for `join`. They hold the token: for the job's script only. */
export const joinConfig = (
  cluster: ClusterSlice, images: readonly OpenImage[], runtime: Runtime,
  join: { address: string; role: 'control-plane' | 'worker'; token: string; certificateKey?: string },
): string =>
  joinDocuments({
    cluster,
    image: imageOf(cluster, images),
    host: { ...runtime, nodeName: runtime.hostname, address: join.address },
    role: join.role,
    discovery: { file: '@DISCOVERY@', token: join.token },
    ...(join.certificateKey ? { certificateKey: join.certificateKey } : {}),
  });
