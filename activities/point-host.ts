import { isControlPlane } from '../domain/cluster';
import { markDone } from '../domain/commands/state';
import { apiName } from '../domain/host-paths';
import { setHosts } from '../domain/hosts-file';
import { marks } from '../domain/marks';
import { placeOfApi } from './bootstrap';
import type { Deps } from './deps';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { openImages, rootfsOf } from './image-set';
import { awaitRegistry, registryAccess } from './registry-access';
import { inScope } from './scope';

/** Tells a host that runs where the registry is now, and a worker where the API is. Nothing else of it is touched. */
export const pointHost = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const { values: env } = envFor(deps, cluster, host, rootfsOf(await openImages(deps, cluster, scope)));
    const registry = registryAccess(env);
    const place = cluster.registryHosts[0]?.address ?? host.address;
    const api = placeOfApi(cluster, host);
    await session.run(setHosts(cluster.name, 'registry', [{ address: place, names: [registry.domain] }]));
    if (api && !isControlPlane(host)) await session.run(setHosts(cluster.name, 'api', [{ address: api, names: [apiName] }]));
    await awaitRegistry(session, scope, registry, { host: host.id, at: place, timeoutMs: 60_000 });
    await session.run(markDone(marks.names(place, api)));
  });
