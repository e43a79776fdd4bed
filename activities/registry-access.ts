import { type RegistryAccess, registryAnswers } from '../domain/commands/registry';
import { poll } from './poll';
import type { Scope, Session } from './ports';

/** The cluster registry as the image's variables name it; the defaults are sealos's. */
export const registryAccess = (env: Readonly<Record<string, string>>): RegistryAccess & { data: string } => ({
  domain: env['registryDomain'] || 'sealos.hub',
  port: env['registryPort'] || '5000',
  username: env['registryUsername'] ?? '',
  password: env['registryPassword'] ?? '',
  data: env['registryData'] || '/var/lib/registry',
});

/** Waits until the registry answers a host, at the address by which the host knows its name now. */
export const awaitRegistry = (
  session: Session, scope: Scope, registry: RegistryAccess, { host, at, everyMs = 300, timeoutMs = 120_000 }: { host: string; at: string; everyMs?: number; timeoutMs?: number },
): Promise<void> => poll(
  { scope, host, what: `an answer of the registry ${registry.domain}:${registry.port} at ${at}`, everyMs, timeoutMs },
  async () => (await session.run(registryAnswers(registry))) || 'no answer',
);
