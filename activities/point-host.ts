import { isControlPlane } from '../domain/cluster';
import { registryAnswers } from '../domain/commands/registry';
import { markDone } from '../domain/commands/state';
import { apiName } from '../domain/host-paths';
import { setHosts } from '../domain/hosts-file';
import { marks } from '../domain/marks';
import { placeOfApi } from './bootstrap';
import type { Deps } from './deps';
import { envFor } from './host-env';
import { openImages, rootfsOf } from './image-set';
import type { HostInput } from './mount-rootfs';
import { poll } from './poll';
import { registryAccess } from './registry-access';
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
    await poll({ scope, host: host.id, what: `an answer of the registry ${registry.domain}:${registry.port} at ${place}`, everyMs: 300, timeoutMs: 60_000 },
      async () => (await session.run(registryAnswers(registry))) || 'no answer');
    await session.run(markDone(marks.names(place, api)));
  });
