import { type ClusterSpec, defaultPolicy, type Host } from '../domain/cluster';
import type { HostFacts } from '../domain/facts';
import type { ImageFacts } from '../domain/images';

/** A host of a cluster, with good defaults. */
export const aHost = (id: string, role: 'master' | 'node' = 'node', more: Partial<Host> = {}): Host => ({
  id, address: id, port: 22, roles: [role, 'amd64'], credential: 'default', env: [], ...more,
});

/** A cluster of so many control planes and workers: 10.0.0.1, 10.0.0.2, ... */
export function aCluster(masters: number, nodes: number, more: Partial<ClusterSpec> = {}): ClusterSpec {
  const hosts = Array.from({ length: masters + nodes }, (_, at) => aHost(`10.0.0.${at + 1}`, at < masters ? 'master' : 'node'));
  return {
    name: 'default', images: ['kubernetes', 'flannel', 'web'], hosts, credentials: { default: { user: 'root' } }, env: [], command: [],
    configs: [], kubeadm: {}, policy: defaultPolicy, force: false, ...more,
  };
}

export const anImage = (ref: string, kind: ImageFacts['kind'], more: Partial<ImageFacts> = {}): ImageFacts => ({
  ref, kind, digest: `sha256:${ref.padEnd(64, '0')}`, unpackedBytes: 1, mountName: ref, commands: kind === 'rootfs' ? 0 : 1, ...(kind === 'rootfs' ? { contract: 'v1beta1' } : {}), ...more,
});

/** A rootfs, a pod network and an application. */
export const someImages = (): ImageFacts[] => [
  anImage('kubernetes', 'rootfs', { version: 'v1.34.2', contract: 'v1beta1' }),
  anImage('flannel', 'application', { runAt: 'api-up' }),
  anImage('web', 'application'),
];

/** A bare host that is well. */
export const bareFacts = (host: string, more: Partial<HostFacts> = {}): HostFacts => ({
  host, reachable: true, hostname: `h-${host.replaceAll('.', '-')}`, machineId: host, trees: {}, done: [], joined: false, controlPlane: false, ...more,
});
