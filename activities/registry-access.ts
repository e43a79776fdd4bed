import type { RegistryAccess } from '../domain/commands/registry';

/** The cluster registry as the image's variables name it; the defaults are sealos's. */
export const registryAccess = (env: Readonly<Record<string, string>>): RegistryAccess & { data: string } => ({
  domain: env['registryDomain'] || 'sealos.hub',
  port: env['registryPort'] || '5000',
  username: env['registryUsername'] ?? '',
  password: env['registryPassword'] ?? '',
  data: env['registryData'] || '/var/lib/registry',
});
