import { type ClusterSpec, type Host, isControlPlane, registryHosts } from './cluster';
import type { ImageFacts } from './images';

/** The address behind the registry's name on every host. */
export const registryPlace = (spec: ClusterSpec, leader: string): string => registryHosts(spec, leader)[0]?.address ?? '';

/**
 * The address behind apiserver.cluster.local on a host that has joined; empty where a balancer outside is used. A control
 * plane finds itself, a worker its own balancer, or the leader where the image brings none.
 */
export function apiPlace(spec: { readonly controlPlaneEndpoint?: string | undefined; readonly hosts: readonly { readonly id: string; readonly address: string }[] }, { host, leader, images }: { host: Host; leader: string; images: readonly ImageFacts[] }): string {
  if (spec.controlPlaneEndpoint) return '';
  if (isControlPlane(host)) return host.address;
  const own = images.some(({ kind, apiBalancer }) => kind === 'rootfs' && apiBalancer);
  return own ? '127.0.0.1' : (spec.hosts.find(({ id }) => id === leader)?.address ?? '');
}
