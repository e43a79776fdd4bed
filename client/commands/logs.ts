import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listLogs, type LogEntry, readLog } from '../../home/logs';
import { exitCodes } from '../exit-codes';
import { clusterOf } from '../session';

export interface LogFlags {
  readonly cluster?: string;
  readonly operation?: string;
  readonly stage?: string;
  readonly host?: string;
  readonly follow?: boolean;
}

/** `keelson logs [name]`: what the hosts said, in the order of time, each line with its stage and host. */
export async function logs(name: string | undefined, flags: LogFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  const operation = flags.operation ?? listLogs(cluster).at(-1)?.operation;
  const filter = { ...(operation ? { operation } : {}), ...(flags.stage ? { stage: flags.stage } : {}), ...(flags.host ? { host: flags.host } : {}) };
  const entries = listLogs(cluster, filter);
  if (entries.length === 0 && !flags.follow) {
    console.error(`no logs of cluster ${cluster}${operation ? `, ${operation}` : ''} on this machine; they lie where its Temporal worker runs`);
    return exitCodes.failed;
  }
  for (const line of entries.flatMap((entry) => linesOf(entry, readLog(entry))).sort()) console.log(line);
  if (flags.follow) await follow(cluster, flags.operation ? filter : { ...filter, operation: undefined }, new Map(entries.map(({ file, bytes }) => [file, bytes])));
  return exitCodes.done;
}

/** `<time> <stage> <host>: <text>`; the stored lines begin with the time. */
function linesOf({ stage, host, attempt }: LogEntry, text: string): string[] {
  const place = `${stage} ${host}${attempt > 1 ? ` (attempt ${attempt})` : ''}`;
  return text.split('\n').filter(Boolean).map((line) => line.replace(/^(\S+) ?/, `$1 ${place}: `));
}

async function follow(cluster: string, filter: { operation?: string | undefined; stage?: string; host?: string }, read: Map<string, number>): Promise<void> {
  let gone = false;
  process.once('SIGINT', () => { gone = true; });
  const { operation, ...rest } = filter;
  while (!gone) {
    for (const entry of listLogs(cluster, operation ? { ...rest, operation } : rest)) {
      const from = read.get(entry.file) ?? 0;
      if (entry.bytes <= from) continue;
      for (const line of linesOf(entry, slice(entry.file, from, entry.bytes))) console.log(line);
      read.set(entry.file, entry.bytes);
    }
    await sleep(300);
  }
}

function slice(file: string, from: number, to: number): string {
  const bytes = Buffer.alloc(to - from);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, bytes, 0, bytes.length, from);
  } finally {
    closeSync(handle);
  }
  return bytes.toString('utf8');
}
