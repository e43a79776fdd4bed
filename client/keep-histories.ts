import { type EntityView, isOperationName } from '../domain/entity';
import { keptAt, writeHistory } from '../home/history';
import type { KeelsonClient } from './keelson-client';

/** What is asked of a client here. */
export type Histories = Pick<KeelsonClient, 'operation'>;

/**
 * Keeps the histories of operations that have ended and that nobody has watched to their ends: the embedded server is nobody's
 * archive, and forgets them. One that the server has no more is passed over. Throws nothing.
 */
export async function keepHistories(client: Histories, cluster: string, log: EntityView['log']): Promise<void> {
  for (const { operation, endedAt } of log) {
    // A file from before that end is of an earlier cluster of that name.
    if (!isOperationName(operation) || (keptAt(cluster, operation) ?? '') >= endedAt) continue;
    await keepHistory(client, cluster, operation).catch(() => undefined);
  }
}

/** Keeps the history of one operation that has ended. Throws what the server or the disk says. */
export async function keepHistory(client: Histories, cluster: string, operation: string): Promise<void> {
  writeHistory(cluster, operation, await client.operation(`cluster/${cluster}/${operation}`).history());
}
