import type { CopyInput, HostResult } from '../domain/on-hosts';
import { on } from './on';
import { onEachHost } from './on-hosts';

/** A file or a folder to hosts of a cluster. */
export async function copyFiles({ source, digest, destination, ...work }: CopyInput): Promise<HostResult[]> {
  return onEachHost(work, 'Copy', async (host, where) => ({
    code: 0,
    ...(await on.transfer.copyToHost.executeWithOptions(
      { summary: `copy to ${host.id}`, activityId: `${where.operation}/${host.id}` }, [{ where, host, source, digest, destination }],
    )),
  }));
}
