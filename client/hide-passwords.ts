import { isSecretName } from '../domain/env';

/** Flags whose value is a secret. */
const secretFlags = ['-p', '--passwd', '--pk-passwd'];

/**
 * Takes secrets out of what other users of this machine see of us (`ps`), and says what cannot be helped: the shell has
 * written them down. Gives the arguments unchanged.
 */
export function hidePasswords(args: readonly string[]): string[] {
  const each = args.map(alone);
  const password = each.some(isPassword);
  const variable = each.some((arg, at) => isSecretVariable(arg, each[at - 1]));
  if (password || variable) {
    // Node.js writes the title over the original arguments.
    process.title = 'keelson';
    const better = password ? '--ask-passwd, --passwd-file or KEELSON_SSH_PASSWORD keep it out' : 'spec.env of a Clusterfile keeps it out';
    process.stderr.write(`warning: the ${password ? 'password' : 'secret of --env'} on the command line is in your shell's history; ${better}\n`);
  }
  return [...args];
}

/** Short flags without a value (--yes, --force) may stand before another one in the same word: `-yp SECRET` is `-y -p SECRET`. */
const alone = (arg: string): string => arg.replace(/^-[yf]+(?=[a-z])/, '-');

const isPassword = (arg: string): boolean =>
  secretFlags.some((flag) => arg === flag || arg.startsWith(`${flag}=`) || (flag === '-p' && /^-p./.test(arg) && !arg.startsWith('--')));

/** `-e NAME=value`, `-eNAME=value`, `--env NAME=value`, `--env=NAME=value`, of a name that tells of a secret. */
function isSecretVariable(arg: string, before: string | undefined): boolean {
  const entry = before === '-e' || before === '--env' ? arg : /^(?:--env=|-e)(.*)$/s.exec(arg)?.[1];
  return entry !== undefined && isSecretName(entry.split('=', 1)[0] ?? '');
}
