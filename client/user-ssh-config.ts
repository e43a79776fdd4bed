import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '../domain/errors';

/** What ~/.ssh/config says of a host, as far as Keelson heeds it. */
export interface UserSettings {
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
}

/** The text of ~/.ssh/config; empty when there is none. */
export function readUserSshConfig(): string {
  try {
    return readFileSync(join(homedir(), '.ssh', 'config'), 'utf8');
  } catch {
    return '';
  }
}

/**
 * A function that gives the settings for an address. `Match exec` is not run: building a spec starts no programs. Both
 * throw ClusterError InvalidSpec for a file that is none.
 */
export async function userSshConfig(text: string): Promise<(address: string) => UserSettings> {
  if (text.trim() === '') return () => ({});
  const { parse } = await import('ssh-config');
  const config = inWords(() => parse(text));
  return (address) => {
    const found = inWords(() => config.compute(address, { ignoreCase: true, matchExec: false }));
    const [user, port, identityFile] = [first(found['user']), Number(first(found['port'])), first(found['identityfile'])];
    return {
      ...(user ? { user } : {}),
      ...(Number.isInteger(port) && port > 0 ? { port } : {}),
      ...(identityFile && !identityFile.includes('%') ? { identityFile } : {}),
    };
  };
}

function inWords<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ClusterError('InvalidSpec', `~/.ssh/config cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      todo: 'correct it (ssh -G HOST says what ssh makes of it)',
    }, { cause });
  }
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
