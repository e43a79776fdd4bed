import type { Runtime } from '../domain/commands/bootstrap';
import type { ClusterSlice } from '../domain/cluster-slice';
import { initDocuments, joinDocuments, registrationOf } from '../domain/kubeadm';
import { type NodeSettings, nodeSettingsOf } from '../domain/node-settings';
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
 * plane whose they are; the leader when left out, of whose Node then nothing is said.
 */
export const initConfig = (cluster: ClusterSlice, images: readonly OpenImage[], runtime: Runtime, on?: NodeSettings & { readonly id: string }): string => {
  const leader = cluster.controlPlanes.find(({ id }) => id === (on?.id ?? cluster.leader));
  return initDocuments({
    cluster,
    image: imageOf(cluster, images),
    host: { ...runtime, nodeName: runtime.hostname, address: leader?.address ?? '', ...(on ? { node: nodeSettingsOf(on) } : {}) },
  });
};

/** What kubeadm would tell a host's kubelet of its Node; `by`: how the host came into the cluster. */
export const registrationFor = (
  cluster: ClusterSlice, images: readonly OpenImage[], { host, role, by }: { host: NodeSettings & { readonly address: string }; role: 'control-plane' | 'worker'; by: 'init' | 'join' },
) => registrationOf({
  cluster, image: imageOf(cluster, images), role, by,
  // Neither runtime nor name is asked for.
  host: { criSocket: '', cgroupDriver: 'systemd', nodeName: '', address: host.address, node: nodeSettingsOf(host) },
});

/** The kubeadm documents for `join`. They hold the token: for the job's script only. */
export const joinConfig = (
  cluster: ClusterSlice, images: readonly OpenImage[], runtime: Runtime,
  join: { host: NodeSettings & { readonly address: string }; role: 'control-plane' | 'worker'; token: string; certificateKey?: string },
): string =>
  joinDocuments({
    cluster,
    image: imageOf(cluster, images),
    host: { ...runtime, nodeName: runtime.hostname, address: join.host.address, node: nodeSettingsOf(join.host) },
    role: join.role,
    discovery: { file: '@DISCOVERY@', token: join.token },
    ...(join.certificateKey ? { certificateKey: join.certificateKey } : {}),
  });
