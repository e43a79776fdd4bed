import type { Client, ClientChannel } from 'ssh2';

/** sshd allows 10 sessions per connection by default; two stay free for ending processes. */
const MOST_CHANNELS = 8;
/** sshd gives a session back a moment after we saw its end: so often and after so long we ask again. */
const FREE_TRIES = 40;
const FREE_MS = 50;

/** No channel can be had any more: the connection is closed. Nothing was started. */
export class ConnectionClosed extends Error {}

interface Waiting {
  readonly line: string;
  readonly opened: (channel: ClientChannel) => void;
  readonly reject: (error: Error) => void;
  refused: number;
}

/** The channels of one connection. Those above the limit wait; the limit adapts to what the host allows. */
export class Channels {
  #limit = MOST_CHANNELS;
  #open = 0;
  #closed: Error | undefined;
  readonly #queue: Waiting[] = [];

  /** `idle` is called whenever no channel is open or wanted any more, `busy` when one is wanted again. */
  constructor(private readonly client: Client, private readonly events: { idle(): void; busy(): void }) {}

  get open(): number {
    return this.#open;
  }

  /**
   * Runs a command line in a channel of its own. Rejects with ConnectionClosed. Urgent ones pass limit and queue. `listen`
   * gets the channel before anything can be missed: the exit of a short command may come in one packet with its begin.
   */
  exec<T>(line: string, options: { urgent: boolean; signal?: AbortSignal }, listen: (channel: ClientChannel) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(this.#closed);
        return;
      }
      const { signal } = options;
      const abort = (): void => {
        const at = this.#queue.indexOf(waiting);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        waiting.reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const settled = <T>(settle: (value: T) => void) => (value: T): void => {
        signal?.removeEventListener('abort', abort);
        settle(value);
      };
      const opened = settled(resolve);
      const waiting: Waiting = { line, opened: (channel) => opened(listen(channel)), reject: settled(reject), refused: 0 };
      this.events.busy();
      if (options.urgent) {
        this.#start(waiting);
        return;
      }
      this.#queue.push(waiting);
      signal?.addEventListener('abort', abort, { once: true });
      this.#fill();
    });
  }

  /** The connection is gone: whoever waits gets to know it. */
  close(cause?: Error): void {
    if (this.#closed) return;
    this.#closed = new ConnectionClosed(cause?.message ?? 'closed', { cause });
    for (const { reject } of this.#queue.splice(0)) reject(this.#closed);
  }

  #fill(): void {
    while (this.#open < this.#limit) {
      const next = this.#queue.shift();
      if (!next) break;
      this.#start(next);
    }
    if (this.#open === 0 && this.#queue.length === 0 && !this.#closed) this.events.idle();
  }

  #start(waiting: Waiting): void {
    this.#open += 1;
    const failed = (error: Error): void => {
      this.#open -= 1;
      // Only an answer of the host has a reason; without one the connection itself is gone.
      const full = 'reason' in error;
      if (full && !this.#closed && waiting.refused < FREE_TRIES) {
        // MaxSessions of this host is lower than ours. One stays free here too, for ending processes.
        this.#limit = Math.max(1, Math.min(this.#limit, this.#open - 1));
        if (this.#open === 0) waiting.refused += 1;
        this.#queue.unshift(waiting);
        if (this.#open === 0) setTimeout(() => this.#fill(), FREE_MS);
        return;
      }
      waiting.reject(full ? error : this.#closed ?? new ConnectionClosed(error.message, { cause: error }));
      this.#fill();
    };
    try {
      this.client.exec(waiting.line, (error, channel) => {
        if (error) {
          failed(error);
          return;
        }
        channel.once('close', () => {
          this.#open -= 1;
          this.#fill();
        });
        waiting.opened(channel);
      });
    } catch (error) {
      failed(error as Error);
    }
  }
}
