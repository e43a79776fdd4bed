import { ClusterError } from '../domain/errors';
import { exitCodeOf } from './exit-codes';
import { homeProblem } from './home-problem';
import { LeftAtQuestion } from './left-at-question';
import { TemporalUnavailable } from './temporal-unavailable';

/** Tells a person what went wrong, where, and what to do; gives the exit code. The stack only for --debug. */
export function reportError(caught: unknown, { debug = false, json = false }: { debug?: boolean; json?: boolean } = {}): number {
  const error = homeProblem(caught);
  const code = exitCodeOf(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: asJson(error), exitCode: code })}\n`);
  for (const line of describeError(error)) process.stderr.write(`${line}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  return code;
}

/** The lines for a person: the message, the command and its last words, what to do. */
export function describeError(error: unknown): string[] {
  if (error instanceof ClusterError) {
    const { host, command, exitCode, tail = [], todo } = error.details;
    const where = host && !error.message.includes(host) ? `${host}: ` : '';
    return [
      `error: ${where}${error.message}`,
      ...(command ? [`  command: ${command}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`] : []),
      ...tail.map((line) => `  | ${line}`),
      ...(todo ? [`  -> ${todo}`] : []),
    ];
  }
  if (error instanceof TemporalUnavailable) return [`error: ${error.message}`, `  -> ${error.todo}`];
  // The cursor stands behind the question.
  if (error instanceof LeftAtQuestion) return ['', error.message];
  return [`error: ${error instanceof Error ? error.message : String(error)}`, '  -> this is not expected; --debug shows where it happened'];
}

function asJson(error: unknown): object {
  if (error instanceof ClusterError) return { type: error.type, message: error.message, ...error.details };
  if (error instanceof TemporalUnavailable) return { type: error.name, message: error.message, todo: error.todo };
  return { type: error instanceof Error ? error.name : 'Error', message: error instanceof Error ? error.message : String(error) };
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
