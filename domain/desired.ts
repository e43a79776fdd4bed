import type { ClusterSpec } from './cluster';
import { digestOf } from './digest';
import type { Desired, EntityState } from './entity';
import { lasting } from './for-once';

/** How many specs were applied so far; a state of before they were counted has had one. */
export const generationOf = (desired: Desired | undefined): number => (desired ? (desired.generation ?? 1) : 0);

/** What is wanted after a spec was applied. The same spec again is the same generation; the Clusterfile of before stays where none comes. */
export function desiredBy(before: Desired | undefined, { spec: said, by, file = before?.file }: Pick<Desired, 'spec' | 'by' | 'file'>, at: string): Desired {
  const spec = lasting(said);
  const digest = digestOf(spec);
  const generation = generationOf(before) + (before?.digest === digest ? 0 : 1);
  return { spec, digest, by, at, generation, ...(file === undefined ? {} : { file }) };
}

/** Another desired spec, of whoever asked for it; the operation that runs works for that one now. */
export function withDesired(state: EntityState, said: ClusterSpec, { by, at }: { by: string; at: string }): EntityState {
  const spec = lasting(said);
  const digest = digestOf(spec);
  return { ...state, desired: { ...state.desired, spec, digest, by, at, generation: generationOf(state.desired) + 1 }, ...(state.running ? { running: { ...state.running, digest } } : {}) };
}

/**
 * What a task has made so already is what is wanted. The policy is the one of now: it may have been set while the task ran. Where
 * that is wanted already nothing changes, also not who applied it.
 */
export function withMade(state: EntityState, made: ClusterSpec, who: { by: string; at: string }): EntityState {
  const spec = lasting({ ...made, policy: state.desired?.spec.policy ?? made.policy });
  return digestOf(spec) === state.desired?.digest ? state : withDesired(state, spec, who);
}
