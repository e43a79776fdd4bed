import { type LogLine } from '../../domain/entity';
import { ClusterError } from '../../domain/errors';
import type { Act } from '../../domain/hands';
import { type OperationRecord, readOperationHistory, type WorkRecord } from '../../domain/operation-history';
import { keptHistories, readHistory } from '../../home/history';
import { exitCodes } from '../exit-codes';
import type { KeelsonClient } from '../keelson-client';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, mayHaveClusters, withClient } from '../session';
import { columns, oneLine } from '../table';

export type HistoryFlags = CommonFlags & { readonly operation?: string };

interface Entry extends Partial<LogLine> {
  readonly operation: string;
  /** Where its details come from: Temporal, the file that was kept, or nowhere any more. */
  readonly source: 'temporal' | 'file' | 'gone';
  readonly record?: OperationRecord;
  /** What people said to it. */
  readonly acts?: readonly Act[];
}

/**
 * `keelson history [name]`: what was done to the cluster, by whom, and with `--operation` every piece of work with its
 * attempts. Temporal has it for as long as it keeps histories, after that the files below KEELSON_HOME.
 */
export async function history(name: string | undefined, flags: HistoryFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  // Histories outlast the database; where there is neither, no server is started to say so.
  if (!mayHaveClusters(flags) && keptHistories(cluster).length === 0) throw noSuchCluster(cluster);
  return withClient(flags, async (client) => {
    const report = await client.status(cluster);
    const log = report?.view?.log ?? [];
    const running = report?.view?.running;
    const known = [...log, ...(running ? [{ operation: running.operation, by: running.by, startedAt: running.at }] : [])];
    const names = [...new Set([...keptHistories(cluster), ...known.map(({ operation }) => operation)])];
    if (!report && names.length === 0) throw noSuchCluster(cluster);
    const chosen = flags.operation ? names.filter((one) => one === flags.operation) : names;
    if (flags.operation && chosen.length === 0) throw new ClusterError('InvalidSpec', `cluster ${cluster} has no operation ${flags.operation}`, { todo: `\`keelson history ${cluster}\` lists them` });
    const entries = await Promise.all(chosen.map((operation) => entryOf(client, cluster, operation, known, (report?.view?.acts ?? []).filter((act) => act.operation === operation))));
    entries.sort((a, b) => ((a.startedAt ?? '') < (b.startedAt ?? '') ? -1 : 1));
    if (flags.json) console.log(JSON.stringify({ cluster, operations: entries }, undefined, 2));
    else for (const line of flags.operation ? entries.flatMap(details) : table(cluster, entries)) console.log(line);
    return exitCodes.done;
  });
}

async function entryOf(client: KeelsonClient, cluster: string, operation: string, log: readonly Partial<LogLine>[], acts: readonly Act[]): Promise<Entry> {
  const line = log.filter((one) => one.operation === operation).at(-1);
  const live = line && await client.operation(`cluster/${cluster}/${operation}`).history().catch(() => undefined);
  const kept = live ? undefined : readHistory(cluster, operation);
  const read = live ?? kept;
  const record = read ? readOperationHistory(read) : undefined;
  return {
    ...(record?.startedAt ? { startedAt: record.startedAt } : {}), ...(record?.endedAt ? { endedAt: record.endedAt } : {}),
    ...line, operation, source: live ? 'temporal' : kept ? 'file' : 'gone', ...(record ? { record } : {}), ...(acts.length > 0 ? { acts } : {}),
  };
}

function table(cluster: string, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return [`${cluster}: nothing was done yet`];
  const rows = entries.map(({ operation, by, startedAt, endedAt, outcome, record, message, source }) => [
    operation, by ?? '-', startedAt ?? '-', duration(startedAt, endedAt), outcome ?? (endedAt ? 'ended' : 'runs'),
    source === 'gone' ? '-' : String(record?.work.length ?? 0), String((record?.work ?? []).reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0)),
    oneLine(message ?? '').slice(0, 100),
  ]);
  return [...columns([['OPERATION', 'BY', 'STARTED', 'TOOK', 'OUTCOME', 'JOBS', 'RETRIES', 'MESSAGE'], ...rows]), `\`keelson history ${cluster} --operation NAME\` shows every piece of work`];
}

function details({ operation, by, startedAt, endedAt, outcome, message, record, source, acts }: Entry): string[] {
  const work = (record?.work ?? []).map((item) => [`  ${item.startedAt ?? ''}`, item.summary, item.outcome, took(item), `${item.attempts} ${item.attempts === 1 ? 'attempt' : 'attempts'}`, oneLine(item.error ?? '').slice(0, 160)]);
  return [
    `${operation} by ${by ?? 'somebody'}: ${outcome ?? (endedAt ? 'ended' : 'runs')}, ${startedAt ?? '-'}, took ${duration(startedAt, endedAt)}`,
    ...(message ? [`  ${message.replace(/\n/g, '\n  ')}`] : []),
    ...(source === 'gone' ? ['  its history is neither in Temporal nor below KEELSON_HOME any more'] : columns(work)),
    ...(acts ? acts.map(({ at, by: who, what, note }) => `  ${at}  ${who} ${what === 'refused' ? 'was' : 'said'} ${what}${note ? `: ${note}` : ''}`) : []),
    ...(acts ? [] : record?.decisions ?? []).map(({ at, by: who, decision }) => `  ${at}  ${who} said ${decision}`),
  ];
}

const took = ({ ms }: WorkRecord): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);
const duration = (from: string | undefined, to: string | undefined): string => {
  const ms = from && to ? Date.parse(to) - Date.parse(from) : Number.NaN;
  return Number.isFinite(ms) ? `${Math.round(ms / 1000)} s` : '-';
};
