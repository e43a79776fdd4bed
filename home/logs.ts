import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addTo, keepRecord } from './keep-record';
import { logFile, logsDir, type LogPlace } from './paths';
import { printable } from './printable';
import { redactor } from './redact';

/** A log is a text for people. What a host prints without end must not take the disk from the database and the journals. */
const largestBytes = 64 * 1024 * 1024;
/** Sizes of logs that were written to lately; one that is not here is asked for. */
const sizes = new Map<string, number>();
const mostSizes = 1_000;

/**
 * Adds lines to the log of one attempt, each with the time, secrets and control characters replaced. A log that is full says so,
 * and ends; what cannot be written is left out (keepRecord).
 */
export function appendLog(place: LogPlace, lines: readonly string[], secrets: readonly string[] = []): void {
  if (lines.length === 0) return;
  keepRecord('log', () => {
    const file = logFile(place);
    const clean = redactor(secrets);
    const at = new Date().toISOString();
    const before = sizes.get(file) ?? sizeOf(file);
    if (before > largestBytes) return;
    const all = lines.map((line) => `${at} ${printable(clean(line))}\n`).join('');
    const after = before + Buffer.byteLength(all);
    addTo(file, after > largestBytes ? `${all}${at} this log ends here: it has more than ${largestBytes} bytes\n` : all);
    if (sizes.size > mostSizes) sizes.clear();
    sizes.set(file, after);
  });
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

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

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
