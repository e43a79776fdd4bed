import { readdirSync, readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { patiently } from '../temporal/cluster-under-test';
import type { Made, Stand } from './stand';

/** What one operation has cost. Bytes of payloads are those that Temporal has to keep. */
export interface Cost {
  readonly operation: string;
  readonly outcome: string;
  readonly seconds: number;
  readonly commands: number;
  /** Of the operation's history; with several runs, of the longest. */
  readonly events: number;
  readonly historyBytes: number;
  readonly runs: number;
  readonly largest: Payload;
  /** Of the status as a client gets it, and how long it waited for that. */
  readonly statusBytes: number;
  readonly statusMs: number;
}

export interface Payload {
  readonly bytes: number;
  /** Type of the event it stands in. */
  readonly event: string;
}

/** Applies a spec and says what that has cost. Commands are counted where they arrive: on the hosts. */
export async function costOf(stand: Stand, { cluster }: Made, spec: Made['spec'], how: { readonly approved?: boolean } = {}): Promise<Cost> {
  const before = stand.fleet.journal.entries.length;
  const began = Date.now();
  const { operation, outcome, message } = await cluster.converge(spec, how);
  const seconds = (Date.now() - began) / 1000;
  const commands = stand.fleet.journal.entries.slice(before).filter(({ kind }) => kind === 'command').length;
  const runs = await runsOf(stand.client, cluster.operation(operation).workflowId);
  const entity = await runsOf(stand.client, cluster.entity.workflowId);
  const asked = Date.now();
  const status = await patiently(() => cluster.status(operation));
  return {
    operation, outcome: outcome === 'Success' ? outcome : `${outcome}: ${message}`, seconds, commands,
    events: Math.max(...runs.map(({ events }) => events)), historyBytes: Math.max(...runs.map(({ bytes }) => bytes)), runs: runs.length,
    largest: largestOf([...runs, ...entity].map(({ largest }) => largest)),
    statusBytes: Buffer.byteLength(JSON.stringify(status)), statusMs: Date.now() - asked,
  };
}

interface Run {
  readonly events: number;
  readonly bytes: number;
  readonly largest: Payload;
}

/** The runs of a workflow, the first one first. */
async function runsOf(client: Client, workflowId: string): Promise<Run[]> {
  const runs: Run[] = [];
  const { raw } = await patiently(() => client.workflow.getHandle(workflowId).describe());
  for (let runId = raw.workflowExecutionInfo?.firstRunId || raw.workflowExecutionInfo?.execution?.runId; runId;) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [{ events }, about] = await Promise.all([patiently(() => handle.fetchHistory()), patiently(() => handle.describe())]);
    runs.push({ events: events?.length ?? 0, bytes: Number(about.raw.workflowExecutionInfo?.historySizeBytes ?? 0), largest: largestOf((events ?? []).flatMap((event) => payloadsIn(event))) });
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return runs;
}

const largestOf = (payloads: readonly Payload[]): Payload => payloads.reduce((a, b) => (b.bytes > a.bytes ? b : a), { bytes: 0, event: '' });

/** Every payload that stands anywhere in an event. */
function payloadsIn(event: object): Payload[] {
  const found: Payload[] = [];
  const visit = (value: unknown, attributes: string): void => {
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return;
    const { data, metadata } = value as { data?: unknown; metadata?: unknown };
    if (metadata && data instanceof Uint8Array) found.push({ bytes: data.length, event: attributes.replace('EventAttributes', '') });
    else for (const [name, inner] of Object.entries(value)) visit(inner, attributes || name);
  };
  for (const [name, value] of Object.entries(event)) visit(value, name);
  return found;
}

/** The most memory that a process has had, MiB, and how many files and connections it has open. */
export function loadOf(pid: number): { readonly peakMiB: number; readonly open: number } {
  const kB = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return { peakMiB: Math.round(Number(kB) / 1024), open: readdirSync(`/proc/${pid}/fd`).length };
}
