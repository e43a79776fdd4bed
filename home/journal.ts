import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { count, flag, type Form, number, objectOf, text } from '../domain/form';
import { journalFile } from './paths';

/** One remote command, as the journal has it. Never its text and never its output: both may hold secrets. */
export interface JournalEntry {
  /** ISO time of its start. */
  readonly at: string;
  readonly host: string;
  readonly stage: string;
  readonly attempt: number;
  readonly title: string;
  /** Whether it may have changed the host. */
  readonly changes: boolean;
  /** Exit code; absent when none came back (link lost, timed out, cancelled). */
  readonly code?: number;
  readonly ms: number;
}

const isEntry: Form<JournalEntry> = objectOf({ at: text, host: text, stage: text, attempt: count, title: text, changes: flag, ms: number }, { code: number });

/** Adds a line to `journal/<cluster>/<operation>.ndjson`. One write per line: several processes may append. */
export function appendJournal(cluster: string, operation: string, entry: JournalEntry): void {
  const file = journalFile(cluster, operation);
  const line = `${JSON.stringify(entry)}\n`;
  try {
    appendFileSync(file, line, { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, line, { mode: 0o600 });
  }
}

/** The remote commands of an operation, in the order of their ends; [] when there were none. */
export function readJournal(cluster: string, operation: string): JournalEntry[] {
  const file = journalFile(cluster, operation);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      return isEntry(entry) ? [entry] : [];
    } catch {
      // The last line of a process that was killed in mid-write: the rest of the journal stays readable.
      return [];
    }
  });
}
