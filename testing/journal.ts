import type { Speaker } from './program';

/** One thing that a simulated host did, in the order in which it was done. */
export interface JournalEntry {
  readonly at: number;
  readonly host: string;
  /** `command`: it came over SSH; `effect`: what such a command, or a detached job, did to the host or its cluster. */
  readonly kind: 'command' | 'effect';
  /** Name of the simulation, or of the effect, e.g. `kubeadm init`. */
  readonly name: string;
  readonly args: readonly string[];
  readonly speaker?: Speaker;
  /** Whether the host is another one afterwards. */
  readonly changed: boolean;
  /** Exit code; absent: the command has none yet, or never got one. */
  readonly code?: number;
  /** What went wrong on purpose. */
  readonly fault?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What all hosts of a fleet did. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  #next = 0;

  add(entry: Omit<JournalEntry, 'at'>): JournalEntry {
    const full = { ...entry, at: this.#next++ };
    this.entries.push(full);
    return full;
  }

  of(host: string): JournalEntry[] {
    return this.entries.filter((entry) => entry.host === host);
  }

  /** How often each effect happened on each host, e.g. `10.128.0.1 kubeadm init`. */
  effects(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { kind, host, name } of this.entries) {
      if (kind === 'effect') counts.set(`${host} ${name}`, (counts.get(`${host} ${name}`) ?? 0) + 1);
    }
    return counts;
  }

  /** Takes what concerns these hosts out, so that a long run does not fill the memory. */
  forget(hosts: ReadonlySet<string>): void {
    this.entries.splice(0, this.entries.length, ...this.entries.filter(({ host }) => !hosts.has(host)));
  }
}
