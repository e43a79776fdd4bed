import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

/**
 * With KEELSON_RECORD_HISTORIES=1: keeps the history of a run in test/histories, where the unit tier replays it. A release
 * keeps its own: a running cluster is replayed by the code of the next one.
 */
export async function recordHistory(client: Client, name: string, workflowId: string, runId?: string): Promise<void> {
  if (!process.env.KEELSON_RECORD_HISTORIES) return;
  const folder = join(__dirname, '..', 'histories');
  mkdirSync(folder, { recursive: true });
  const handle = client.workflow.getHandle(workflowId, runId);
  let history = await handle.fetchHistory();
  // A run whose first task has not ended has nothing to replay; a replay of it would wait for ever.
  while (!history.events?.some(({ workflowTaskCompletedEventAttributes: completed }) => completed)) history = await handle.fetchHistory();
  // A replay reads results and never the inputs of activities; without them the files are a fourth.
  for (const { activityTaskScheduledEventAttributes: activity } of history.events ?? []) if (activity) activity.input = undefined;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(JSON.parse(historyToJSON(history), ofOneMachine))}\n`);
}

/** Paths in stacks, and names of processes and hosts, belong to the machine that recorded. */
const ofOneMachine = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : key === 'identity' ? 'keelson' : value);

/** The summaries of all activities of a run, as the Temporal UI shows them. */
export async function summariesOf(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? [])
    .filter(({ activityTaskScheduledEventAttributes: activity }) => activity)
    .map(({ userMetadata }) => (userMetadata?.summary ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary) : ''));
}

/** The text at the head of a run in the Temporal UI. */
export async function detailsOf(client: Client, workflowId: string): Promise<string> {
  const metadata = await client.workflow.getHandle(workflowId).query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
