import { ClusterError } from '../errors';
import { errorsOf, formatProblems, type Problem, warningsOf } from '../problem';

/** A text with the name that people read in errors. */
export interface TextFile {
  readonly file: string;
  readonly text: string;
}

/** Collects all that is wrong with a Clusterfile, so that people mend it once. `where` is file and line. */
export class Report {
  private readonly found: Problem[] = [];

  error(where: string, message: string, todo?: string): void {
    this.add(wrong('error', where, message, todo));
  }

  warning(where: string, message: string, todo?: string): void {
    this.add(wrong('warning', where, message, todo));
  }

  add(...problems: readonly Problem[]): void {
    this.found.push(...problems);
  }

  get hasErrors(): boolean {
    return errorsOf(this.found).length > 0;
  }

  /** All that was found so far. */
  get problems(): readonly Problem[] {
    return this.found;
  }

  /** The warnings; throws as withoutErrors() does. */
  finish(): Problem[] {
    return withoutErrors(this.found);
  }
}

const wrong = (severity: Problem['severity'], where: string, message: string, todo: string | undefined): Problem =>
  ({ severity, type: 'InvalidSpec', where, message, ...(todo === undefined ? {} : { todo }) });

/** The warnings; throws ClusterError InvalidSpec with every error where there is one, and with the warnings, which may be the cause. */
export function withoutErrors(problems: readonly Problem[]): Problem[] {
  const found = inOrder(problems);
  const errors = errorsOf(found);
  if (errors.length > 0) throw new ClusterError('InvalidSpec', formatProblems(found), { todo: 'Correct this and try again; nothing was changed.' });
  return warningsOf(found);
}

/** By line within each file; files and what has no line stay in the order of their first mention. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const places = problems.map(({ at, where = '' }) => /^(.*):(\d+)$/.exec(at ?? where));
  const files = [...new Set(places.map((place, index) => place?.[1] ?? problems[index]?.where))];
  const keyOf = (index: number) => [files.indexOf(places[index]?.[1] ?? problems[index]?.where), Number(places[index]?.[2] ?? 0)] as const;
  const order = problems.map((problem, index) => ({ problem, key: keyOf(index) }));
  return order.sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1]).map(({ problem }) => problem);
}
