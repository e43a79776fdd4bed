import { apiPlace, registryPlace } from '../domain/api-place';
import { type ClusterSpec, controlPlanes, defaultPolicy, type Host, isControlPlane, registryHosts } from '../domain/cluster';
import type { ClusterFacts, HostFacts } from '../domain/facts';
import type { ImageFacts } from '../domain/images';
import { marks } from '../domain/marks';

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

/** What the API tells of a cluster whose hosts bear these marks: who has joined is a Ready Node, control planes are healthy members of etcd. */
export function clusterFacts(hosts: readonly Host[], done: Readonly<Record<string, readonly string[]>>, more: Partial<ClusterFacts> = {}): ClusterFacts | undefined {
  const joined = hosts.filter(({ id }) => done[id]?.some((mark) => mark === marks.init || mark.startsWith('join:')));
  const [first] = joined.filter(isControlPlane);
  if (!first) return undefined;
  return {
    through: first.id,
    nodes: joined.map((host) => ({ name: `h-${host.id}`, address: host.address, version: 'v1.34.2', ready: true, controlPlane: isControlPlane(host), unschedulable: false })),
    etcd: joined.filter(isControlPlane).map(({ id, address }) => ({ name: `h-${id}`, address, healthy: true })),
    ...more,
  };
}

/** The marks on every host of a cluster where everything was done; the first control plane leads. */
export function allMarks(spec: ClusterSpec, images: readonly ImageFacts[] = someImages(), leader = controlPlanes(spec)[0]?.id ?? ''): Record<string, string[]> {
  return Object.fromEntries(spec.hosts.map((host) => [host.id, [
    marks.mount(spec, images, host, leader), marks.bootstrap(spec, images, host), marks.names(registryPlace(spec, leader), apiPlace(spec, { host, leader, images })),
    ...(host.id === leader ? [marks.init, ...images.map(({ digest }) => marks.guest(digest))] : []),
    ...marks.settingsOf(host, spec.kubeadm),
    ...(registryHosts(spec, leader).includes(host) ? [marks.registry(images)] : []),
    ...(host.id === leader ? [] : [isControlPlane(host) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(spec))]),
  ]]));
}
