import type { Fault } from './faults';

export type JobState = 'running' | 'done' | 'failed' | 'over' | 'vanished';

/** How a job's inside ended. */
export interface JobEnd {
  readonly code: number;
  readonly log: string;
}

/** A detached job on a simulated host: it goes on whatever becomes of the connection that started it. */
export class Job {
  readonly startedAt = Date.now();
  /** Settles when nothing of it runs any more. */
  readonly ended: Promise<void>;
  log = '';
  code: number | undefined;
  reported = false;
  #gone = false;
  #closed: 'cancelled' | 'interrupted' | undefined;
  #settle = (): void => undefined;

  constructor(readonly id: string, readonly generation: number) {
    this.ended = new Promise((resolve) => { this.#settle = resolve; });
  }

  get state(): JobState {
    if (this.#closed) return 'over';
    if (this.code === undefined) return this.#gone ? 'vanished' : 'running';
    if (this.code === 0) return 'done';
    return this.reported ? 'over' : 'failed';
  }

  /** Runs the inside. `fault` is what goes wrong with it. */
  async run(inside: () => JobEnd | Promise<JobEnd>, fault: Fault | undefined): Promise<void> {
    // Not before whoever started it has its answer: a real one takes its time as well.
    await new Promise((resolve) => { setImmediate(resolve); });
    if (fault?.kind === 'slow') await new Promise((resolve) => { setTimeout(resolve, fault.ms); });
    if (fault?.kind === 'hold' && fault.when === 'before') await fault.until;
    if (fault?.kind === 'hang') return;
    if (this.state !== 'running') return;
    if (fault?.kind === 'exit' && fault.when === 'before') return this.#end({ code: fault.code, log: fault.words ?? 'it failed\n' });
    const end = await inside();
    if (fault?.kind === 'hold' && fault.when === 'after') await fault.until;
    if (this.state !== 'running') return;
    this.#end(fault?.kind === 'exit' ? { code: fault.code, log: `${end.log}${fault.words ?? 'it failed\n'}` } : end);
  }

  /** Ends it from outside. A failure when its time was over. */
  end(why: 'cancelled' | 'timeout'): void {
    if (this.state !== 'running' && this.state !== 'vanished') return;
    if (why === 'timeout') {
      this.code = 124;
      this.reported = true;
    } else {
      this.#closed = 'cancelled';
    }
    this.#settle();
  }

  /** Gone with a reboot: no exit code, no process. */
  vanish(): void {
    if (this.state !== 'running') return;
    this.#gone = true;
    this.#settle();
  }

  /** Another generation takes its place. */
  interrupt(): void {
    this.#closed = 'interrupted';
    this.#settle();
  }

  #end({ code, log }: JobEnd): void {
    this.log += log;
    this.code = code;
    this.#settle();
  }
}
