import { apiPlace } from '../domain/api-place';
import type { HostTarget } from '../domain/cluster';
import { isControlPlane } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { prePull } from '../domain/commands/bootstrap';
import { markDone, readMarks } from '../domain/commands/state';
import { apiName } from '../domain/host-paths';
import { setHosts } from '../domain/hosts-file';
import { marks } from '../domain/marks';
import type { Deps } from './deps';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { type OpenImage, openImages, rootfsOf } from './image-set';
import { imagesToPull } from './images-to-pull';
import { runLifecycle } from './lifecycle';
import { awaitRegistry, registryAccess } from './registry-access';
import { inScope } from './scope';

/** The address behind apiserver.cluster.local on a host that has not joined yet; undefined where a balancer outside is used. */
export function apiAddress(cluster: ClusterSlice, host: HostTarget, images: readonly OpenImage[]): string | undefined {
  if (cluster.controlPlaneEndpoint) return undefined;
  const leader = cluster.controlPlanes.find(({ id }) => id === cluster.leader)?.address;
  if (isControlPlane(host)) return host.id === cluster.leader ? host.address : leader;
  return rootfsOf(images).facts.apiBalancer ? '127.0.0.1' : leader;
}

/** Where the API is once the host has joined; empty where a balancer outside is used. */
export const placeOfApi = (cluster: ClusterSlice, host: HostTarget): string => apiPlace(
  { controlPlaneEndpoint: cluster.controlPlaneEndpoint, hosts: cluster.controlPlanes }, { host, leader: cluster.leader, images: cluster.images },
);

/**
 * Makes a host ready for kubeadm, in the order of the images' second generation: check, names, runtime, init. Its container
 * images are pulled at the end, while others still wait for the control plane.
 */
export const bootstrapHost = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const images = await openImages(deps, cluster, scope);
    const { values: env, secrets } = envFor(deps, cluster, host, rootfsOf(images));
    const registry = registryAccess(env);
    const step = { cluster, images, env, secrets };

    // An image's check looks for free ports; it must not run where a kubelet runs, nor twice.
    if (!(await session.run(readMarks)).some(marks.isPrepared)) await runLifecycle(session, scope, { ...step, step: 'check' });

    const registryHost = cluster.registryHosts[0]?.address ?? host.address;
    const api = apiAddress(cluster, host, images);
    await session.run(setHosts(cluster.name, 'registry', [{ address: registryHost, names: [registry.domain] }]));
    if (api) await session.run(setHosts(cluster.name, 'api', [{ address: api, names: [apiName] }]));
    if (!isControlPlane(host)) await session.run(setHosts(cluster.name, 'lvscare', [{ address: host.address, names: ['lvscare.node.ip'] }]));

    await runLifecycle(session, scope, { ...step, step: 'init-cri' });
    await awaitRegistry(session, scope, registry, { host: host.id, at: registryHost });
    await runLifecycle(session, scope, { ...step, step: 'init' });

    const { first } = await imagesToPull(deps, session, { cluster, host, images, env });
    const failed = await session.run(prePull(first));
    if (failed.trim()) scope.log(`not pulled ahead: ${failed.trim().split('\n').join(', ')}`);
    await session.run(markDone(marks.names(registryHost, placeOfApi(cluster, host))));
    await session.run(markDone(marks.bootstrap(cluster, cluster.images, host)));
  });
