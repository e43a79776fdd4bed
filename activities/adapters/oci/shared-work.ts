/** How work of others is stopped and watched. */
export interface WorkOptions {
  readonly signal: AbortSignal;
  beat(detail?: string): void;
}

interface Running {
  readonly result: Promise<unknown>;
  readonly stop: AbortController;
  readonly waiting: Set<WorkOptions>;
}

/**
 * Work that many ask for and that is done once. It is stopped only when everybody who waits for it has given up: the
 * cancelled activity of one cluster must not break the download of another.
 */
export class SharedWork {
  private readonly running = new Map<string, Running>();

  /** The result of the work with this key: joined when it runs already, started otherwise. */
  async join<T>(key: string, options: WorkOptions, start: (shared: WorkOptions) => Promise<T>): Promise<T> {
    options.signal.throwIfAborted();
    const work = this.running.get(key) ?? this.start(key, start);
    work.waiting.add(options);
    const gaveUp = new GivenUp(options.signal);
    try {
      return (await Promise.race([work.result, gaveUp.promise])) as T;
    } finally {
      gaveUp.forget();
      work.waiting.delete(options);
      if (work.waiting.size === 0) work.stop.abort();
    }
  }

  private start<T>(key: string, start: (shared: WorkOptions) => Promise<T>): Running {
    const stop = new AbortController();
    const waiting = new Set<WorkOptions>();
    const beat = (detail?: string): void => {
      for (const one of waiting) one.beat(detail);
    };
    const result = start({ signal: stop.signal, beat }).finally(() => {
      if (this.running.get(key)?.stop === stop) this.running.delete(key);
    });
    result.catch(() => undefined);
    const work = { result, stop, waiting };
    stop.signal.addEventListener('abort', () => {
      if (this.running.get(key) === work) this.running.delete(key);
    });
    this.running.set(key, work);
    return work;
  }
}

/** A promise that rejects with the signal's reason when it fires. */
class GivenUp {
  readonly promise: Promise<never>;
  private reject: (reason: unknown) => void = () => undefined;
  private readonly onAbort = (): void => this.reject(this.signal.reason);

  constructor(private readonly signal: AbortSignal) {
    this.promise = new Promise((_resolve, reject) => { this.reject = reject; });
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  forget(): void {
    this.signal.removeEventListener('abort', this.onAbort);
  }
}
