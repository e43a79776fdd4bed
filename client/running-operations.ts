import type { Client } from '@temporalio/client';
import { entityId, operationTypes } from '../workflows/messages';

/** The workflow ids of the operations that run: of one cluster, or of all. Asks the server only, so no Temporal worker has to be there. */
export async function runningOperations(client: Client, cluster?: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: runningQuery(cluster) })) ids.push(workflowId);
  return ids;
}

/** In Temporal's visibility language. */
export const runningQuery = (cluster?: string): string => [
  `ExecutionStatus = 'Running' AND WorkflowType IN (${operationTypes.map((type) => `'${type}'`).join(', ')})`,
  ...(cluster === undefined ? [] : [`WorkflowId STARTS_WITH '${entityId(cluster)}/'`]),
].join(' AND ');
