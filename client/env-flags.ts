import type { EnvEntry } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { formatProblems, type Problem } from '../domain/problem';

const todo = 'write --env NAME=VALUE; a name has letters, digits and underscores';

/** `--env NAME=VALUE`: the value is all that follows the first `=`, commas and further `=` included. */
export function readEnv(flags: readonly string[]): { env: EnvEntry[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const env = flags.flatMap((text): EnvEntry[] => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    if (at >= 1 && /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return [{ name, value: text.slice(at + 1) }];
    // The text may be a secret with its name forgotten: it is not repeated.
    problems.push({ severity: 'error', type: 'InvalidSpec', message: `an --env${at > 0 ? ` with the name ${JSON.stringify(name)}` : ''} is not of the form NAME=VALUE`, todo });
    return [];
  });
  return { env, problems };
}

/** The variables of `--env`. Throws InvalidSpec with all that are none. */
export function parseEnv(flags: readonly string[]): EnvEntry[] {
  const { env, problems } = readEnv(flags);
  const [first, second] = problems;
  if (first) throw new ClusterError('InvalidSpec', second ? formatProblems(problems) : first.message, { todo });
  return env;
}
