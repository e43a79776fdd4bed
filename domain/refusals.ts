import type { Desired, EntityState } from './entity';
import { ClusterError, type ErrorType } from './errors';
import { errorsOf, formatProblems, type Problem } from './problem';

/** Whatever is said to a cluster is said by somebody: a deed by nobody is no deed. */
export interface Word {
  readonly by: string;
}

/** The refusal of a request. Each of those below says the same in the same words, whatever was asked for. */
export const refused = (type: ErrorType, message: string, todo?: string): ClusterError => new ClusterError(type, message, todo ? { todo } : {});

/** Refuses a request that names nobody; undefined for one that does. */
export const nobody = ({ by }: Word): ClusterError | undefined =>
  typeof by === 'string' && by.trim() !== '' ? undefined : refused('InvalidSpec', 'nobody is named who asks for this', 'say who asks with --by');

/** Whether a request was answered before: sent twice, it is answered twice and done once. */
export const wasAnswered = ({ recent }: EntityState, requestId: string): boolean => recent.some((one) => one.requestId === requestId);

export const noCluster = ({ name }: EntityState): ClusterError => refused('InvalidSpec', `there is no cluster ${name}`);

export const clusterBusy = (state: EntityState, todo?: string): ClusterError => refused('ClusterBusy', `cluster ${state.name} is busy: ${busy(state)}`, todo);

/** The request was made from a desired state that is wanted no more. */
export const changedMeanwhile = (desired: Desired | undefined): ClusterError =>
  refused('ClusterBusy', `the cluster was changed meanwhile by ${desired?.by ?? 'somebody'}: read it again`);

export const damagedSpec = (): ClusterError => refused('InvalidSpec', 'the spec does not match its digest: it was damaged on the way');

/** Refuses what has errors, all of them at once; undefined where there is none. */
export function wrongSpec(problems: readonly Problem[]): ClusterError | undefined {
  const wrong = errorsOf(problems);
  return wrong.length > 0 ? refused('InvalidSpec', formatProblems(wrong)) : undefined;
}

/** Who works on the cluster and since when, in words. */
export function busy({ retired, running, next }: EntityState): string {
  if (retired) return 'it is being forgotten just now; ask again';
  if (!running) return `an operation of ${next?.by ?? 'somebody'} is about to start`;
  const { operation, by, at, ends, waiting } = running;
  const since = ends ? `was ${ends} and takes back what it had begun; it began` : 'runs since';
  return `${operation} of ${by} ${since} ${at}${waiting ? ` and waits: ${waiting.message}` : ''}`;
}
