import type { Readable, Writable } from 'node:stream';

/** A machine on which the loader can be started as root: over SSH, or this one. */
export interface Machine {
  readonly host: string;
  /** `<type> <base64>`; empty for this machine. */
  readonly hostKey: string;
  readonly fingerprint: string;
  /** What was used to log in: must not appear in errors and logs. */
  readonly secrets: readonly string[];
  /**
   * Starts the loader (see loader.ts), as root. Rejects with HostUnreachable and the other errors of a connection; then
   * nothing was started.
   */
  start(options: StartOptions): Promise<Process>;
}

export interface StartOptions {
  /** Passes the queue: it ends other processes. */
  readonly urgent: boolean;
  /** When the machine itself ends it, whoever is there or not; milliseconds. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** A started process. */
export interface Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code, once all output was handed over; 128 + n for signal n. Rejects with Disconnected. */
  readonly exit: Promise<number>;
  /** Lets go of it without waiting. It may go on over there. */
  abandon(): void;
}
