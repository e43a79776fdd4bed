import type { PlanJob } from './plan-job';
import type { StageName } from './stages';

/**
 * A plan's jobs by what the gates ask of them. A plan for a thousand hosts has thousands of jobs, and all of them are asked
 * about after each one that ends: nobody may look through all others every time.
 */
export class PlanIndex {
  readonly #place = new Map<PlanJob, number>();
  readonly #stages = new Map<StageName, PlanJob[]>();
  readonly #ofControlPlanes = new Map<StageName, PlanJob[]>();
  readonly #previous = new Map<PlanJob, PlanJob>();

  constructor(readonly jobs: readonly PlanJob[], private readonly isControlPlane: (host: string) => boolean) {
    const last = new Map<string, PlanJob>();
    jobs.forEach((job, place) => {
      this.#place.set(job, place);
      listIn(this.#stages, job.stage).push(job);
      if (job.host === undefined) return;
      const previous = last.get(job.host);
      if (previous) this.#previous.set(job, previous);
      last.set(job.host, job);
    });
  }

  /** All jobs of a stage, in the plan's order. */
  of(stage: StageName): readonly PlanJob[] {
    return this.#stages.get(stage) ?? [];
  }

  /** The jobs of a stage that stand before a job in the plan. */
  before(job: PlanJob, stage: StageName): readonly PlanJob[] {
    return this.#standBefore(job, this.of(stage));
  }

  /** The same, those on control planes only. */
  controlPlanesBefore(job: PlanJob, stage: StageName): readonly PlanJob[] {
    let all = this.#ofControlPlanes.get(stage);
    if (!all) this.#ofControlPlanes.set(stage, all = this.of(stage).filter(({ host }) => this.isControlPlane(host ?? '')));
    return this.#standBefore(job, all);
  }

  /** All jobs that stand before a job in the plan. */
  allBefore(job: PlanJob): readonly PlanJob[] {
    return this.jobs.slice(0, this.#place.get(job));
  }

  /** The job of the same host that stands right before a job. */
  previous(job: PlanJob): PlanJob | undefined {
    return this.#previous.get(job);
  }

  #standBefore(job: PlanJob, all: readonly PlanJob[]): readonly PlanJob[] {
    const place = this.#placeOf(job);
    const last = all.at(-1);
    // Mostly a stage stands before another as a whole: then all its jobs share one list.
    return last === undefined || this.#placeOf(last) < place ? all : all.filter((one) => this.#placeOf(one) < place);
  }

  readonly #placeOf = (job: PlanJob): number => this.#place.get(job) ?? this.jobs.length;
}

function listIn(lists: Map<StageName, PlanJob[]>, stage: StageName): PlanJob[] {
  const found = lists.get(stage) ?? [];
  lists.set(stage, found);
  return found;
}
