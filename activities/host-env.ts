import type { EnvEntry, Host } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { hostEnv, type HostEnv } from '../domain/env';
import { envField, hostEnvField } from '../home/seal';
import type { Deps } from './deps';
import { hasShim } from './image-file';
import { registryPassword, rendersRegistryPassword } from './registry-password';
import type { OpenImage } from './image-set';

export type HostOf = Pick<Host, 'id' | 'roles' | 'env'>;

/**
 * The variables of one image on one host, secrets opened: image, cluster, host, from weak to strong. `secrets` are the
 * values that must not show in logs.
 */
export function envFor(deps: Deps, cluster: ClusterSlice, host: HostOf, image: OpenImage): HostEnv & { secrets: string[] } {
  const secrets: string[] = [];
  const open = (entry: EnvEntry, field: string): string => {
    if (!entry.value.startsWith('sealed:')) return entry.value;
    const value = deps.secrets.open(entry.value, { cluster: cluster.name, field });
    secrets.push(value);
    return value;
  };
  const own = image.facts.kind === 'rootfs' && cluster.registryPassword !== undefined && rendersRegistryPassword(image.tree)
    ? [{ name: registryPassword, value: open({ name: registryPassword, value: cluster.registryPassword }, registryPassword) }] : [];
  const env = hostEnv({
    image: image.tree.config.env,
    spec: [...own, ...cluster.env.map((entry) => ({ name: entry.name, value: open(entry, envField(entry.name)) }))],
    host: host.env.map((entry) => ({ name: entry.name, value: open(entry, hostEnvField(host.id, entry.name)) })),
    roles: host.roles,
    kubeVersion: cluster.version,
    hasShim: hasShim(image.tree),
  });
  return { ...env, secrets: [...secrets, env.values[registryPassword] ?? ''].filter(Boolean) };
}
