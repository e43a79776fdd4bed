import { closeSync, openSync, readSync } from 'node:fs';
import { listLogs, type LogEntry, type LogFilter } from '../home/logs';

/** One line of the log store and where it comes from. */
export interface LogLine {
  readonly entry: LogEntry;
  /** ISO time. */
  readonly at: string;
  readonly text: string;
}

/** Reads the logs that match as they grow: each call gives the whole lines that came since the one before. */
export class LogReader {
  private readonly offsets = new Map<string, number>();

  constructor(private readonly cluster: string, private readonly filter: LogFilter) {}

  /** Passes over what is there now. */
  skip(): void {
    for (const { file, bytes } of listLogs(this.cluster, this.filter)) this.offsets.set(file, bytes);
  }

  /** Whether any log was there. */
  get found(): boolean {
    return this.offsets.size > 0;
  }

  read(): LogLine[] {
    return listLogs(this.cluster, this.filter).flatMap((entry) => {
      const from = this.offsets.get(entry.file) ?? 0;
      const bytes = slice(entry.file, from, entry.bytes);
      const end = bytes.lastIndexOf(0x0a) + 1;
      this.offsets.set(entry.file, from + end);
      return bytes.toString('utf8', 0, end).split('\n').slice(0, -1).map((line) => {
        const space = line.indexOf(' ');
        return { entry, at: line.slice(0, space), text: line.slice(space + 1) };
      });
    });
  }
}

function slice(file: string, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(to - from, 0));
  const handle = openSync(file, 'r');
  try {
    const read = readSync(handle, bytes, 0, bytes.length, from);
    return bytes.subarray(0, read);
  } finally {
    closeSync(handle);
  }
}
