import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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

/** A history as text: payloads are bytes, unpacked where they are packed (home/packing-codec.ts), everything else as JSON has it. */
export function readable(value: unknown): string {
  if (value instanceof Uint8Array) return (isGzip(value) ? gunzipSync(value) : Buffer.from(value)).toString('utf8');
  if (Array.isArray(value)) return value.map(readable).join('\n');
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([field, one]) => `${field} ${readable(one)}`).join('\n');
  return String(value);
}

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;
