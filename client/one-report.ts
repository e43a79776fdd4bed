import { ClusterError } from '../domain/errors';
import { errorsOf, formatProblems, type Problem, warningsOf } from '../domain/problem';

/**
 * Refuses what a person has typed: throws ClusterError InvalidSpec with every error among the problems in one report, and
 * with the warnings, which may be the cause. `todo` ends a report of several; one mistake alone says itself what to do.
 * Gives the warnings where there is no error.
 */
export function refuse(problems: readonly Problem[], todo = 'nothing was started'): Problem[] {
  if (errorsOf(problems).length > 0) throw refusal(problems, todo);
  return warningsOf(problems);
}

/** The error that tells of these problems. */
export function refusal(problems: readonly Problem[], todo = 'nothing was started'): ClusterError {
  // One rule may be asked in two places.
  const [first, second] = problems.filter((one, at) => problems.findIndex(({ message, host, where }) => message === one.message && host === one.host && where === one.where) === at);
  if (!first || second) return new ClusterError('InvalidSpec', formatProblems(problems), { todo });
  const { host, where, at, message, todo: own = todo } = first;
  const place = [at, where].filter(Boolean).join(': ');
  return new ClusterError('InvalidSpec', `${place === '' ? '' : `${place}: `}${message}`, { ...(host === undefined ? {} : { host }), todo: own });
}

/** What `read` gives. Where it refuses (InvalidSpec) that is noted among the problems, and `otherwise` stands for it. */
export function noted<T>(problems: Problem[], otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ClusterError) || error.type !== 'InvalidSpec') throw error;
    problems.push(mistake(error.message, error.details.todo));
    return otherwise;
  }
}

/** A mistake in what was typed. `todo`: one sentence. */
export const mistake = (message: string, todo?: string): Problem => ({ severity: 'error', type: 'InvalidSpec', message, ...(todo === undefined ? {} : { todo }) });
