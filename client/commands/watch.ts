import { WorkflowNotFoundError } from '@temporalio/client';
import { ClusterError } from '../../domain/errors';
import { entityId } from '../../workflows/messages';
import { exitCodes } from '../exit-codes';
import type { KeelsonClient } from '../keelson-client';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, withCluster } from '../session';
import { watching, watchOperation } from '../watch';

/** `keelson watch [name]`: follows the operation that runs; without one, tells how the last one ended. */
export async function watch(name: string | undefined, flags: CommonFlags & { operation?: string; wait?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    if (flags.operation !== undefined) await mustBeKnown(client, cluster, flags.operation);
    const report = flags.operation ? undefined : await client.status(cluster);
    const operation = flags.operation ?? report?.view?.running?.operation ?? report?.view?.log.at(-1)?.operation ?? report?.running[0]?.split('/').at(-1);
    if (!operation && report) {
      console.log(flags.json ? JSON.stringify({ cluster }) : `${cluster}: no operation was started yet`);
      return exitCodes.done;
    }
    if (!operation) throw noSuchCluster(cluster);
    return watchOperation(client, `${entityId(cluster)}/${operation}`, watching(flags));
  });
}

/** Throws InvalidSpec for an operation that Temporal does not know: one that was asked for just now would be waited for. Silence is for whoever follows. */
export async function mustBeKnown(client: Pick<KeelsonClient, 'operation'>, cluster: string, operation: string): Promise<void> {
  await client.operation(`${entityId(cluster)}/${operation}`).status().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) throw new ClusterError('InvalidSpec', `cluster ${cluster} has no operation ${operation}`, { todo: `\`keelson history ${cluster}\` lists them` });
  });
}
