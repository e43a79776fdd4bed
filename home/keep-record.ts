import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Kinds of records that could not be written the last time. */
const failing = new Set<string>();

/**
 * Writes a record of work (a line of a log, of the journal), and never ends the work it tells of: what cannot be written, on a
 * full disk or into a folder of another user, is left out. The first failure of a kind is said on stderr, which is a Temporal
 * worker's log, and so is the next one after a success. Throws nothing.
 */
export function keepRecord(kind: string, write: () => void): void {
  try {
    write();
    failing.delete(kind);
  } catch (error) {
    if (failing.has(kind)) return;
    failing.add(kind);
    const message = `the ${kind} cannot be written: work goes on without it`;
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: 'ERROR', message, error: String(error) })}\n`);
  }
}

/** Adds text to a file of records in one write, as several processes may append, and makes its folder where there is none yet. */
export function addTo(file: string, text: string): void {
  try {
    appendFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, text, { mode: 0o600 });
  }
}
