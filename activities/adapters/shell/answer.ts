import type { Command, CommandResult } from '../../../domain/command';
import { ClusterError } from '../../../domain/errors';

/**
 * The answer of a host to a command, read. A host may say anything: what cannot be read is an error of that host, never one
 * of ours. Throws ClusterError: CommandFailed, or what the command's own reading says.
 */
export function answerOf<T>(host: string, command: Command<T>, result: CommandResult): T {
  try {
    return (command.parse ? command.parse(result) : result.stdout) as T;
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('CommandFailed', `the answer of ${host} to "${command.title}" cannot be read`, {
      host, command: command.title, exitCode: result.code, todo: `look at what answers on ${host}: a program of that name may be another one, or its output was cut`,
    }, { cause });
  }
}
