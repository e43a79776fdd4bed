import { readFileSync } from 'node:fs';
import { ClusterError } from '../domain/errors';
import type { Problem } from '../domain/problem';
import { isPort } from '../domain/spec-rules';
import { askSecret, noTerminal } from './ask';
import type { Login } from './logins';
import { mistake, noted, refuse } from './one-report';
import { readPrivateKey } from './private-key';

/** The flags about logging in, as commander gives them. */
export interface LoginFlags {
  readonly user?: string;
  readonly passwd?: string;
  readonly passwdFile?: string;
  readonly askPasswd?: boolean;
  readonly pk?: string;
  readonly pkPasswd?: string;
  readonly port?: number;
}

/** A login before anybody is asked for its password: nobody types one for a command that is refused anyway. */
export interface ReadLogin {
  /** Where the password is still to be asked for, and where something is wrong, an empty one stands in its place. */
  readonly login: Login;
  readonly asks: boolean;
  readonly problems: readonly Problem[];
}

/**
 * The login that flags and environment name. A password comes from --passwd, --passwd-file, --ask-passwd or
 * KEELSON_SSH_PASSWORD, in this order. Throws nothing: more than one of these flags, a file, also of the key, that cannot
 * be read, a port that is none and a question that nobody hears are among the problems.
 */
export function readLogin(flags: LoginFlags, env: NodeJS.ProcessEnv = process.env): ReadLogin {
  const problems: Problem[] = [];
  const password = noted(problems, '', () => passwordFrom(flags, env));
  const passphrase = flags.pkPasswd ?? (env['KEELSON_PK_PASSWORD'] || undefined);
  // Read here as well: a wrong file is said before a server is started for it.
  const isKey = flags.pk !== undefined && noted(problems, false, () => readPrivateKey(flags.pk ?? '', passphrase !== undefined) !== '');
  if (flags.port !== undefined && !isPort(flags.port)) problems.push(mistake('--port is not a number from 1 to 65535', 'give the port of sshd, or leave it out for that of ~/.ssh/config, or 22'));
  const asks = flags.askPasswd === true;
  if (asks && !process.stdin.isTTY) problems.push(noTerminal('--passwd-file or KEELSON_SSH_PASSWORD'));
  const placeholder = asks || problems.length > 0 ? { password: '' } : {};
  return {
    login: {
      ...(flags.user ? { user: flags.user } : {}),
      ...(password === undefined ? placeholder : { password }),
      ...(isKey && flags.pk ? { keyFile: flags.pk } : {}),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
    asks, problems,
  };
}

/** The whole login: asks for the password where a flag says so. Throws InvalidSpec when none is typed, and as askSecret() does. */
export async function askedLogin({ login, asks }: ReadLogin): Promise<Login> {
  if (!asks) return login;
  const password = await askSecret('SSH password: ', '--passwd-file or KEELSON_SSH_PASSWORD');
  if (password === '') refuse([mistake('no password was typed', 'type it, or leave --ask-passwd out')]);
  return { ...login, password };
}

/** The port of the flags; one that is none is a problem already, and counts as not said. */
export const portOf = ({ port }: LoginFlags): { port?: number } => (port !== undefined && isPort(port) ? { port } : {});

/** Whether anything about logging in was said at all. */
export const saysLogin = (login: Login): boolean => Object.keys(login).length > 0;

/** What is known without asking. Throws InvalidSpec for two ways at once, and as readPassword() does. */
function passwordFrom({ passwd, passwdFile, askPasswd }: LoginFlags, env: NodeJS.ProcessEnv): string | undefined {
  const given = [passwd !== undefined && '--passwd', passwdFile !== undefined && '--passwd-file', askPasswd && '--ask-passwd'].filter(Boolean);
  if (given.length > 1) throw new ClusterError('InvalidSpec', `${given.join(' and ')} exclude each other`, { todo: 'give the password in one way' });
  if (passwd !== undefined) return passwd;
  if (passwdFile !== undefined) return readPassword(passwdFile);
  if (askPasswd) return undefined;
  return env['KEELSON_SSH_PASSWORD'] || undefined;
}

/** The file's first line; `-` is stdin. */
function readPassword(path: string): string {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new ClusterError('InvalidSpec', `the password file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, {
      todo: 'check the path and the rights of --passwd-file',
    }, { cause });
  }
  const password = text.split(/\r?\n/, 1)[0] ?? '';
  if (password === '') throw new ClusterError('InvalidSpec', `the password file ${path} is empty`, { todo: 'put the password on its first line' });
  return password;
}
