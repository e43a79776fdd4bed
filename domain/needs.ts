import type { PlanJob } from './plan-job';

/** Jobs that must be done before another one, each with the words for "waits for". */
export interface Needed {
  readonly jobs: readonly PlanJob[];
  words(one: PlanJob): string;
}

/** What one job needs, in order. What is done stays done: the first that is open is looked for from where the last one was found. */
export class Needs {
  #group = 0;
  #at = 0;

  constructor(private readonly needed: readonly Needed[]) {}

  /** The first that is not done, with its words; undefined when all are. */
  open(isDone: (job: PlanJob) => boolean): { readonly job: PlanJob; readonly words: string } | undefined {
    for (let group = this.needed[this.#group]; group; group = this.needed[this.#group]) {
      for (let job = group.jobs[this.#at]; job; job = group.jobs[this.#at]) {
        if (!isDone(job)) return { job, words: group.words(job) };
        this.#at += 1;
      }
      this.#group += 1;
      this.#at = 0;
    }
    return undefined;
  }
}
