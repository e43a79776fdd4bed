import { listLogs, type LogEntry, type LogFilter } from '../home/logs';
import { linesFrom } from './growing-file';

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
      const { lines, next } = linesFrom(entry.file, this.offsets.get(entry.file) ?? 0);
      this.offsets.set(entry.file, next);
      return lines.map((line) => {
        const space = line.indexOf(' ');
        return { entry, at: line.slice(0, space), text: line.slice(space + 1) };
      });
    });
  }
}
