import { readFileSync, rmSync } from 'node:fs';
import { writeWhole } from './whole-file';

/** A process by pid and start time. Pids are used again; a pid with its start time is not. */
export interface ProcessMark {
  readonly pid: number;
  /** `<boot id>/<clock ticks since boot>`, so that a mark from before a reboot never fits. */
  readonly startTime: string;
}

/** What stands beside a pid file: whose process it is and how it was started. */
export interface ProcessRecord extends ProcessMark {
  /** ISO time. */
  readonly startedAt: string;
  /** Keelson's version at the start. */
  readonly version: string;
  /** Hash of the build that was started; a different one means that the code has changed since. */
  readonly buildHash: string;
  /** The Temporal worker writes encrypted histories. */
  readonly encrypts?: boolean;
  readonly ports?: { readonly server: number; readonly ui: number };
}

/** When the process began; undefined when there is none. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const ticks = startTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return ticks === undefined ? undefined : `${bootId()}/${ticks}`;
  } catch {
    return undefined;
  }
}

/**
 * The start of a process by its line in /proc/<pid>/stat (man 5 proc), in clock ticks since boot; undefined for one that
 * does nothing any more. A zombie with threads is not yet such a one: a kill ends the threads one by one, and the last
 * of them holds the process's ports and files until then.
 */
export function startTicks(stat: string): string | undefined {
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, threads, ticks] = [fields[0], Number(fields[17]), fields[19]];
  return state === 'X' || (state === 'Z' && threads <= 1) ? undefined : ticks;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** The mark of a running process; undefined when there is none. */
export function markOf(pid: number): ProcessMark | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether exactly this process still runs. */
export const isAlive = ({ pid, startTime }: ProcessMark): boolean => startTimeOf(pid) === startTime;

/** Writes `<path>` (the plain pid) and `<path>` with `.json` for `.pid` (the record). The pid file comes last: whoever sees it finds the record. */
export function writePidFile(path: string, record: ProcessRecord): void {
  writeWhole(recordPath(path), `${JSON.stringify(record, undefined, 2)}\n`);
  writeWhole(path, `${record.pid}\n`);
}

/** The record of a pid file, when its process still runs; undefined for a missing, damaged or dead one. */
export function readPidFile(path: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(path), 'utf8')) as ProcessRecord;
    return readFileSync(path, 'utf8').trim() === String(record.pid) && isAlive(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Removes both files; missing ones are fine. */
export function removePidFile(path: string): void {
  rmSync(path, { force: true });
  rmSync(recordPath(path), { force: true });
}

const recordPath = (path: string): string => path.replace(/\.pid$/, '.json');

/** Ends a process: SIGTERM, and SIGKILL when it is still there after `graceMs`. Another process with the same pid is left alone. */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  for (const [signal, waitMs] of [['SIGTERM', graceMs], ['SIGKILL', 5_000]] as const) {
    if (!isAlive(mark)) return;
    process.kill(mark.pid, signal);
    const until = Date.now() + waitMs;
    while (isAlive(mark) && Date.now() < until) await new Promise((wake) => setTimeout(wake, 50));
  }
}
