import { readdirSync, readFileSync, statSync } from 'node:fs';
import { historyDir, historyFile } from './paths';
import { writeWhole } from './whole-file';

/**
 * Keeps the history of an operation that has ended: the server forgets it after its retention, and with it who did what
 * to a cluster. Histories hold secrets sealed only. The file has the form that Temporal's tools replay.
 */
export function writeHistory(cluster: string, operation: string, history: object): void {
  writeWhole(historyFile(cluster, operation), JSON.stringify(history));
}

/** When a history was kept, as ISO time; undefined when it was not. */
export const keptAt = (cluster: string, operation: string): string | undefined =>
  statSync(historyFile(cluster, operation), { throwIfNoEntry: false })?.mtime.toISOString();

/** The history that was kept; undefined when there is none, or it was damaged. */
export function readHistory(cluster: string, operation: string): object | undefined {
  try {
    return JSON.parse(readFileSync(historyFile(cluster, operation), 'utf8')) as object;
  } catch {
    return undefined;
  }
}

/** The operations whose histories were kept, e.g. `init-1`, in the order of their numbers. */
export function keptHistories(cluster: string): string[] {
  const number = (name: string): number => Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
  try {
    return readdirSync(historyDir(cluster)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort((a, b) => number(a) - number(b));
  } catch {
    return [];
  }
}
