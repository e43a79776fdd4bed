import { existsSync, readFileSync } from 'node:fs';
import type { JournalEntry } from '../home/journal';
import type { LogEntry } from '../home/logs';
import { journalFile } from '../home/paths';

/** The remote commands of an operation, in the order of their ends; [] when there were none. */
export function readJournal(cluster: string, operation: string): JournalEntry[] {
  const file = journalFile(cluster, operation);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as JournalEntry);
}

/** The text of a log, with the time before each line; `lines` gives only so many from the end. */
export function readLog({ file }: Pick<LogEntry, 'file'>, lines?: number): string {
  const text = readFileSync(file, 'utf8');
  return lines === undefined ? text : text.split('\n').slice(-lines - 1).join('\n');
}
