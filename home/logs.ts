import { appendFileSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logFile, logsDir, type LogPlace } from './paths';
import { redactor } from './redact';

/** Adds lines to the log of one attempt, each with the time, secrets replaced. */
export function appendLog(place: LogPlace, lines: readonly string[], secrets: readonly string[] = []): void {
  if (lines.length === 0) return;
  const file = logFile(place);
  const clean = redactor(secrets);
  const at = new Date().toISOString();
  const text = lines.map((line) => `${at} ${clean(line)}\n`).join('');
  try {
    appendFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, text, { mode: 0o600 });
  }
}

/** A log of the store, with its size in bytes and the time of its last line. */
export interface LogEntry extends LogPlace {
  readonly file: string;
  readonly bytes: number;
  readonly changedAt: string;
}

/** Which logs: those of one operation, stage, host or attempt; a field left out means all of them. */
export interface LogFilter {
  readonly operation?: string;
  readonly stage?: string;
  readonly host?: string;
  readonly attempt?: number;
}

/** The logs of a cluster that match, oldest change first; [] when there are none. */
export function listLogs(cluster: string, filter: LogFilter = {}): LogEntry[] {
  const root = logsDir(cluster);
  const found: LogEntry[] = [];
  // One operation's logs are found without looking at all the others.
  for (const operation of filter.operation === undefined ? names(root) : [filter.operation]) {
    for (const stage of names(join(root, operation))) {
      for (const host of names(join(root, operation, stage))) {
        for (const name of names(join(root, operation, stage, host))) {
          const attempt = Number(/^(\d+)\.log$/.exec(name)?.[1] ?? Number.NaN);
          const place = { cluster, operation, stage, host, attempt };
          if (Number.isNaN(attempt) || !matches(place, filter)) continue;
          const file = join(root, operation, stage, host, name);
          const stat = statSync(file);
          found.push({ ...place, file, bytes: stat.size, changedAt: stat.mtime.toISOString() });
        }
      }
    }
  }
  return found.sort((a, b) => a.changedAt.localeCompare(b.changedAt) || a.file.localeCompare(b.file));
}

/** The text of a log, with the time before each line. `lines` keeps only so many from the end. */
export function readLog(entry: Pick<LogEntry, 'file'>, lines?: number): string {
  const text = readFileSync(entry.file, 'utf8');
  return lines === undefined ? text : text.split('\n').slice(-lines - 1).join('\n');
}

const matches = (place: LogPlace, filter: LogFilter): boolean =>
  (filter.operation ?? place.operation) === place.operation && (filter.stage ?? place.stage) === place.stage
  && (filter.host ?? place.host) === place.host && (filter.attempt ?? place.attempt) === place.attempt;

function names(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
