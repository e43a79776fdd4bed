import { setTimeout as sleep } from 'node:timers/promises';
import { isOperationName } from '../../domain/entity';
import { listLogs } from '../../home/logs';
import { exitCodes } from '../exit-codes';
import { type LogLine, LogReader } from '../log-reader';
import { clusterOf } from '../session';

export interface LogFlags {
  readonly cluster?: string;
  readonly operation?: string;
  readonly stage?: string;
  readonly host?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** `keelson logs [name]`: what the hosts said, in the order of time, each line with its stage and host. */
export async function logs(name: string | undefined, flags: LogFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  const operation = flags.operation ?? lastOperation(cluster);
  const place = { ...(flags.stage ? { stage: flags.stage } : {}), ...(flags.host ? { host: flags.host } : {}) };
  const lines = new LogReader(cluster, { ...place, ...(operation ? { operation } : {}) }).read();
  if (lines.length === 0 && !flags.follow) {
    console.error(`no logs of cluster ${cluster}${operation ? `, ${operation}` : ''} on this machine; they lie where its Temporal worker runs`);
    return exitCodes.failed;
  }
  // Later operations are followed too, unless one was named.
  const coming = new LogReader(cluster, { ...place, ...(flags.operation ? { operation: flags.operation } : {}) });
  if (flags.follow) coming.skip();
  print(lines, flags);
  if (flags.follow) await follow(coming, flags);
  return exitCodes.done;
}

/** The last of the cluster's own operations: what a person ran on its hosts is none, nor is what looks at them by a schedule. */
const lastOperation = (cluster: string): string | undefined => listLogs(cluster).filter(({ operation }) => isOperationName(operation)).at(-1)?.operation;

/** `<time> <stage> <host>: <text>`, or an object a line. */
function print(lines: readonly LogLine[], { json = false }: LogFlags): void {
  const words = lines.map(({ entry: { operation, stage, host, attempt }, at, text }) => (json
    ? JSON.stringify({ at, operation, stage, host, attempt, text })
    : `${at} ${stage} ${host}${attempt > 1 ? ` (attempt ${attempt})` : ''}: ${text}`));
  // The time comes first in either form.
  for (const line of words.sort()) console.log(line);
}

async function follow(reader: LogReader, flags: LogFlags): Promise<void> {
  let gone = false;
  process.once('SIGINT', () => { gone = true; });
  while (!gone) {
    print(reader.read(), flags);
    await sleep(300);
  }
}
