import type { EnvEntry } from '../domain/cluster';
import { ClusterError } from '../domain/errors';

/** `--env NAME=VALUE`: the value is all that follows the first `=`, commas and further `=` included. */
export function parseEnv(flags: readonly string[]): EnvEntry[] {
  return flags.map((text) => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    if (at < 1 || !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
      // The text may be a secret with its name forgotten: it is not repeated.
      throw new ClusterError('InvalidSpec', `an --env${at > 0 ? ` with the name ${JSON.stringify(name)}` : ''} is not of the form NAME=VALUE`, { todo: 'write --env NAME=VALUE; a name has letters, digits and underscores' });
    }
    return { name, value: text.slice(at + 1) };
  });
}
