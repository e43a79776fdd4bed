import { renameSync, statSync } from 'node:fs';
import { isOperationName } from '../domain/entity';
import { addTo, keepRecord } from './keep-record';
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

/** An operation ends; what only looks goes on for as long as its cluster is there. So much is kept of the newest of it, and as much of what came before. */
const largestBytes = 8 * 1024 * 1024;

/** Adds a line to `journal/<cluster>/<operation>.ndjson`; one that cannot be written is left out (keepRecord). */
export function appendJournal(cluster: string, operation: string, entry: JournalEntry): void {
  keepRecord('journal', () => {
    const file = journalFile(cluster, operation);
    if (!isOperationName(operation) && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largestBytes) renameSync(file, `${file}.1`);
    addTo(file, `${JSON.stringify(entry)}\n`);
  });
}
