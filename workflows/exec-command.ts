import type { ExecInput, HostResult } from '../domain/on-hosts';
import { on } from './on';
import { onEachHost } from './on-hosts';

/** A person's command on hosts of a cluster. What it prints is in the log store; a cancel ends it on every host. */
export async function execCommand({ command, timeoutMs, ...work }: ExecInput): Promise<HostResult[]> {
  return onEachHost(work, 'Exec', (host, where) => on.once.execOnHost.executeWithOptions(
    { summary: `exec on ${host.id}`, activityId: `Exec/${host.id}` }, [{ where, host, command, timeoutMs }],
  ));
}
