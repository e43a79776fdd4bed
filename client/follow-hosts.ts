import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodeOfHosts, type HostResult } from '../domain/on-hosts';
import { exitCodes } from './exit-codes';
import type { HostsRun } from './hosts-run';
import { LogReader } from './log-reader';

const everyMs = 100;

/**
 * Prints what hosts say as they say it, each line with its host and a tab, and gives the exit code: that of the command
 * where all hosts agree, else 1. Ctrl-C ends the command on the hosts, and waits for that; a second one leaves at once.
 */
export async function followHosts(run: HostsRun, options: { json: boolean; embedded: boolean; quiet?: boolean }): Promise<number> {
  const reader = new LogReader(run.cluster, { operation: run.operation });
  const lines = new Map<string, string[]>();
  const of = (host: string): string[] => {
    const heard = lines.get(host) ?? [];
    lines.set(host, heard);
    return heard;
  };
  const show = (): void => {
    for (const { entry, text } of reader.read()) {
      if (options.json) of(entry.host).push(text);
      else if (!options.quiet) process.stdout.write(`${entry.host}\t${text}\n`);
    }
  };
  const stop = (): void => {
    toStderr('ending it on the hosts; Ctrl-C again does not wait for that');
    run.cancel().catch((error: unknown) => toStderr(`it could not be ended: ${error instanceof Error ? error.message : String(error)}`));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    let ended = false;
    const result = run.result().finally(() => { ended = true; });
    // Whoever awaits it below hears of a failure; until then it is not unhandled.
    result.catch(() => undefined);
    while (!ended) {
      show();
      await Promise.race([result.catch(() => undefined), sleep(everyMs)]);
    }
    const results = await result;
    show();
    if (!results) return exitCodes.left;
    if (options.json) console.log(JSON.stringify(results.map((one) => ({ ...one, ...(options.quiet ? {} : { lines: lines.get(one.host) ?? [] }) })), undefined, 2));
    else {
      for (const line of complaints(results)) toStderr(line);
      // With the embedded Temporal worker the store is here: what is not in it was not printed.
      if (!options.embedded && !options.quiet && !reader.found && results.some(({ code }) => code !== undefined)) {
        toStderr(`what it printed is in the log store of the Temporal worker: \`keelson logs ${run.cluster} --operation ${run.operation}\` there`);
      }
    }
    return exitCodeOfHosts(results);
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}

/** What a person must know beside the output: hosts that were not reached, and codes that differ. */
function complaints(results: readonly HostResult[]): string[] {
  const problems = results.flatMap(({ host, problem }) => (problem ? [`${host}: ${problem.message}`] : []));
  const differ = new Set(results.map(({ code }) => code)).size > 1;
  const codes = results.flatMap(({ host, code }) => (code === undefined || code === 0 || !differ ? [] : [`${host}: exit code ${code}`]));
  return [...problems, ...codes];
}

const toStderr = (line: string): void => void process.stderr.write(`${line}\n`);
