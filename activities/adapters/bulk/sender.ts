import { type ChildProcess, fork } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { ClusterError } from '../../../domain/errors';
import { cancelled } from '../../cancel';
import type { BulkRequest, FromSender, ToSender } from './messages';

export interface BulkOptions {
  /** Path of the program that sends (workers/bulk.js). */
  readonly program: string;
  /** Flags of Node.js for it. */
  readonly execArgv?: readonly string[];
  /** How many may send at once. Default 4: each takes some 50 MiB, and more than there are cores gains nothing. */
  readonly slots?: number;
  /** How long a cancelled one gets to end what runs on its host, milliseconds. */
  readonly cancelMs?: number;
}

/** So much nicer than the Temporal worker that the CPU is left to a stream that others wait for, and to the worker itself. */
const stepBack = 10;
const leastPriority = 19;

export interface BulkEvents {
  readonly signal: AbortSignal;
  /** Others wait for it: it does not step back for other streams. */
  readonly first: boolean;
  sent(bytes: number): void;
  log(line: string): void;
}

/**
 * Sends large streams in processes of their own: one Node.js thread that encrypts for several hosts is the limit of them
 * all (three streams: 4.6 s in one process, 2.7 s in three), and activities of other hosts wait for it as well.
 */
export class BulkSenders {
  #busy = 0;

  constructor(private readonly options: BulkOptions) {}

  /** Whether send() would find a free slot. */
  get free(): boolean {
    return this.#busy < (this.options.slots ?? 4);
  }

  /**
   * Runs a command on a host with a tar of the entries on its stdin, in a new process. Throws what Session.send throws,
   * Disconnected when the process dies, CancelledFailure once a cancelled one has ended. When this process dies, it ends.
   */
  async send(request: BulkRequest, events: BulkEvents): Promise<void> {
    events.signal.throwIfAborted();
    this.#busy += 1;
    try {
      await this.#run(request, events);
    } finally {
      this.#busy -= 1;
    }
  }

  #run({ target, ...request }: BulkRequest, { signal, first, sent, log }: BulkEvents): Promise<void> {
    const { program, execArgv = ['--max-old-space-size=128'], cancelMs = 30_000 } = this.options;
    // Of the environment it needs where our files are and the agent's socket; an API key of a Temporal server is not its business.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
    const child = fork(program, [], { env, execArgv: [...execArgv], serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    if (!first && child.pid !== undefined) setPriority(child.pid, Math.min(getPriority() + stepBack, leastPriority));
    return new Promise((resolve, reject) => {
      let end: FromSender | undefined;
      let killer: NodeJS.Timeout | undefined;
      const cancel = (): void => {
        tell(child, { cancel: true });
        killer = setTimeout(() => child.kill('SIGKILL'), cancelMs);
      };
      signal.addEventListener('abort', cancel, { once: true });
      child.on('message', (message: FromSender) => {
        if ('sent' in message) sent(message.sent);
        else if ('log' in message) log(message.log);
        else end = message;
      });
      child.on('error', () => undefined);
      child.on('close', (code, killed) => {
        clearTimeout(killer);
        signal.removeEventListener('abort', cancel);
        if (end && 'done' in end) resolve();
        else if (signal.aborted) reject(cancelled(signal));
        else if (end && 'failed' in end) reject(asError(end.failed));
        else reject(died(target.id, request.command.title, killed ?? `exit code ${code}`));
      });
      tell(child, { send: { target, ...request } });
    });
  }
}

/** A process that is gone hears nothing; that it is gone shows elsewhere. */
function tell(child: ChildProcess, message: ToSender): void {
  if (child.connected) child.send(message, () => undefined);
}

const asError = ({ type, message, details }: Extract<FromSender, { failed: object }>['failed']): Error =>
  type ? new ClusterError(type, message, details ?? {}) : new Error(message);

const died = (host: string, command: string, how: string): ClusterError =>
  new ClusterError('Disconnected', `the process that sent files to ${host} ended (${how})`, {
    host, command, todo: 'nothing: it is tried again, and only what is missing is sent',
  });
