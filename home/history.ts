import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { historyFile } from './paths';

/**
 * Keeps the history of an operation that has ended: the server forgets it after its retention, and with it who did what
 * to a cluster. Histories hold secrets sealed only. The file has the form that Temporal's tools replay.
 */
export function writeHistory(cluster: string, operation: string, history: object): void {
  const file = historyFile(cluster, operation);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const scratch = `${file}.${process.pid}`;
  writeFileSync(scratch, JSON.stringify(history), { mode: 0o600 });
  renameSync(scratch, file);
}

export const hasHistory = (cluster: string, operation: string): boolean => existsSync(historyFile(cluster, operation));
