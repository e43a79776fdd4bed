import { setHosts } from '../domain/hosts-file';
import { linkRegistryData, registryMissing, writePrivateFile } from '../domain/commands/registry';
import { markDone } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import { hostPaths } from '../domain/host-paths';
import { marks } from '../domain/marks';
import type { Deps } from './deps';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { htpasswdLine } from './htpasswd';
import { openImages, rootfsOf } from './image-set';
import { runLifecycle } from './lifecycle';
import { awaitRegistry, registryAccess } from './registry-access';
import { registryContent } from './registry-content';
import { inScope } from './scope';
import { syncTree } from './sync';

/**
 * Sees that the images' registry/ content is there (MountRootfs has sent it with the other files), starts the registry,
 * and does not believe it until every manifest of every image has been asked for: a missing one would show much later, as
 * ImagePullBackOff.
 */
export const mirrorRegistry = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const images = await openImages(deps, cluster, scope);
    const { values: env, secrets } = envFor(deps, cluster, host, rootfsOf(images));
    const registry = registryAccess(env);
    const { rootfs } = hostPaths(cluster.name);
    const sent = await syncTree(session, registryContent(cluster, images, scope));
    scope.log(`sent ${sent.files} files, ${sent.sentBytes} bytes; kept ${sent.keptBytes} bytes`);

    await session.run(setHosts(cluster.name, 'registry', [{ address: host.address, names: [registry.domain] }]));
    await session.run(linkRegistryData(registry.data, `${rootfs}/registry`));
    if (registry.username !== '') {
      const line = await htpasswdLine(registry.username, registry.password, `${where.uid}/${host.id}`);
      await session.run(writePrivateFile('write registry_htpasswd', `${rootfs}/etc/registry_htpasswd`, line));
    }
    await runLifecycle(session, scope, { cluster, images, step: 'init-registry', env, secrets });
    await awaitRegistry(session, scope, registry, { host: host.id, at: host.address, everyMs: 200 });

    const missing = await session.run(registryMissing(registry, images.flatMap(({ tree }) => [...tree.served])));
    if (missing.length > 0) {
      throw new ClusterError('NotReadyYet', `${host.id}: the registry does not serve ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}`, { host: host.id });
    }
    await session.run(markDone((cluster.upgrading ? marks.registryOfBoth : marks.registry)(cluster.images)));
  });
