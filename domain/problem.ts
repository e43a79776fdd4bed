import type { ErrorType } from './errors';

/** One thing that is wrong, found before anything is changed. Checks collect problems, so that people see all of them at once. */
export interface Problem {
  /** An error refuses the work, a warning goes with it. */
  readonly severity: 'error' | 'warning';
  readonly type: ErrorType;
  /** Host id, where the problem is one host's. */
  readonly host?: string;
  /** A field of the spec (`env[2]`), or file and line. */
  readonly where?: string;
  /** File and line of what is wrong, where a rule found it and a file says it. */
  readonly at?: string;
  readonly message: string;
  /** What to do, one sentence. */
  readonly todo?: string;
}

export const errorsOf = (problems: readonly Problem[]): Problem[] => problems.filter(({ severity }) => severity === 'error');
export const warningsOf = (problems: readonly Problem[]): Problem[] => problems.filter(({ severity }) => severity === 'warning');

/**
 * All problems for people: errors before warnings, those of the spec before those of hosts, and what several hosts share
 * said once. No trailing newline; empty for no problems.
 */
export function formatProblems(problems: readonly Problem[]): string {
  return [...group(errorsOf(problems), 'error'), ...group(warningsOf(problems), 'warning')].join('\n');
}

/** More than anybody reads; a file that is something else altogether can have a hundred thousand. */
const mostLines = 200;

function group(problems: readonly Problem[], word: string): string[] {
  if (problems.length === 0) return [];
  const lines = new Map<string, { places: string[]; problem: Problem }>();
  for (const problem of [...problems].sort((a, b) => Number(isOfHost(a)) - Number(isOfHost(b)))) {
    const key = JSON.stringify([problem.message, problem.todo, problem.host === undefined ? problem.where : '']);
    const entry = lines.get(key) ?? { places: [], problem };
    const place = placeOf(problem);
    if (place !== undefined && !entry.places.includes(place)) entry.places.push(place);
    lines.set(key, entry);
  }
  const head = `${lines.size} ${word}${lines.size === 1 ? '' : 's'}:`;
  const told = [...lines.values()].slice(0, mostLines).map(({ places, problem }) => line(places, problem));
  return [head, ...told, ...(lines.size > mostLines ? [`  ... and ${lines.size - mostLines} more`] : [])];
}

/** With a line the order is that of the file. */
const isOfHost = ({ host, at }: Problem): boolean => host !== undefined && at === undefined;

function placeOf({ host, where, at }: Problem): string | undefined {
  if (at === undefined) return host ?? where;
  return host === undefined ? `${at}${where === undefined ? '' : `: ${where}`}` : `${at} (${host})`;
}

function line(places: readonly string[], { message, todo }: Problem): string {
  const place = places.length > 0 ? `${places.join(', ')}: ` : '';
  return `  ${place}${message}${todo === undefined ? '' : `\n    -> ${todo}`}`;
}
