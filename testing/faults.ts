import type { Speaker } from './program';

/** What a host is about to do, as a fault sees it. */
export interface Moment {
  readonly host: string;
  /** Name of the simulation, e.g. `kubeadm init`; of a detached job's inside `job: kubeadm init`. */
  readonly name: string;
  /** Its arguments, as they stand in the script. */
  readonly args: readonly string[];
  readonly speaker?: Speaker;
  /** How often this host has been told this before. */
  readonly before: number;
}

/** What goes wrong with one command on one host. */
export type Fault =
  /** The connection breaks: before the command does anything, in the middle of it, or when all is done and nobody was told. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'during' | 'after' }
  /** The effect and the output are there, the exit code never comes; the connection stays. */
  | { readonly kind: 'lose-exit' }
  /** The command fails: with or without its effect. */
  | { readonly kind: 'exit'; readonly code: number; readonly when: 'before' | 'after'; readonly words?: string }
  /** No effect, no output, no end; or, `after`, all of its effect and output, and no end. */
  | { readonly kind: 'hang'; readonly when?: 'after' }
  /** Other output than it should be, and exit code 0; the effect is there. */
  | { readonly kind: 'answer'; readonly stdout: string }
  /** All is well, later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /**
   * Stops before or after the effect until the promise settles. A connection that is gone by then takes a waiting command
   * along, unless it had `arrived`: then it happens late, as it does on a real host.
   */
  | { readonly kind: 'hold'; readonly when: 'before' | 'after'; readonly until: Promise<unknown>; readonly arrived?: boolean }
  /** The machine restarts in the middle of it. */
  | { readonly kind: 'reboot'; readonly ms: number };

/** Decides for every command; the first one that answers wins. */
export type FaultPlan = (moment: Moment) => Fault | undefined;
