import type { EnvEntry } from '../domain/cluster';
import type { Problem } from '../domain/problem';
import { mistake, refuse } from './one-report';

const todo = 'write --env NAME=VALUE; a name has letters, digits and underscores';

/** `--env NAME=VALUE`: the value is all that follows the first `=`, commas and further `=` included. */
export function readEnv(flags: readonly string[]): { env: EnvEntry[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const env = flags.flatMap((text): EnvEntry[] => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    if (at >= 1 && /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return [{ name, value: text.slice(at + 1) }];
    // The text may be a secret with its name forgotten: it is not repeated.
    problems.push(mistake(`an --env${at > 0 ? ` with the name ${JSON.stringify(name)}` : ''} is not of the form NAME=VALUE`, todo));
    return [];
  });
  return { env, problems };
}

/** The variables of `--env`. Throws InvalidSpec with all that are none. */
export function parseEnv(flags: readonly string[]): EnvEntry[] {
  const { env, problems } = readEnv(flags);
  refuse(problems);
  return env;
}
