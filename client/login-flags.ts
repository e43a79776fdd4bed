import { readFileSync } from 'node:fs';
import { ClusterError } from '../domain/errors';
import { askSecret } from './ask';
import type { Login } from './logins';
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

/**
 * The login that flags and environment name. A password comes from --passwd, --passwd-file, --ask-passwd or
 * KEELSON_SSH_PASSWORD, in this order. Throws InvalidSpec for more than one flag and for a file, also of the key, that
 * cannot be read.
 */
export async function loginFrom(flags: LoginFlags, env: NodeJS.ProcessEnv = process.env): Promise<Login> {
  const password = await passwordFrom(flags, env);
  const passphrase = flags.pkPasswd ?? (env['KEELSON_PK_PASSWORD'] || undefined);
  // Read here as well: a wrong file is said before a server is started for it.
  if (flags.pk) readPrivateKey(flags.pk, passphrase !== undefined);
  return {
    ...(flags.user ? { user: flags.user } : {}),
    ...(password === undefined ? {} : { password }),
    ...(flags.pk ? { keyFile: flags.pk } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

/** Whether anything about logging in was said at all. */
export const saysLogin = (login: Login): boolean => Object.keys(login).length > 0;

async function passwordFrom({ passwd, passwdFile, askPasswd }: LoginFlags, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const given = [passwd !== undefined && '--passwd', passwdFile !== undefined && '--passwd-file', askPasswd && '--ask-passwd'].filter(Boolean);
  if (given.length > 1) throw new ClusterError('InvalidSpec', `${given.join(' and ')} exclude each other`, { todo: 'give the password in one way' });
  if (passwd !== undefined) return passwd;
  if (passwdFile !== undefined) return readPassword(passwdFile);
  if (askPasswd) return askSecret('SSH password: ', '--passwd-file or KEELSON_SSH_PASSWORD');
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
