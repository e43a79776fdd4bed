import { entityId } from '../workflows/messages';
import type { KeelsonClient } from './keelson-client';
import { noSuchCluster } from './no-such-cluster';
import { type CommonFlags, withCluster } from './session';
import { watchingOurs, watchOperation } from './watch';

/** Says something to the operation that waits, and follows it from there. Gives the exit code. */
export async function sayAndFollow(cluster: string, flags: CommonFlags & { wait?: boolean }, say: (client: KeelsonClient) => Promise<unknown>): Promise<number> {
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    // Refused when nothing runs: then there is nothing to follow either.
    await say(client);
    return watchOperation(client, `${entityId(cluster)}/${report.view?.running?.operation ?? ''}`, watchingOurs(flags, true));
  });
}
