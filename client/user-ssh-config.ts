import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '../domain/errors';

/** What ~/.ssh/config says of a host, as far as Keelson heeds it. */
export interface UserSettings {
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  /** A way to the host that ssh would take and Keelson cannot. */
  readonly detour?: Detour;
}

/** A line of ~/.ssh/config that sends ssh elsewhere than to the address itself. */
export interface Detour {
  readonly keyword: (typeof detours)[number];
  readonly value: string;
  /** Of ~/.ssh/config, from 1. */
  readonly line: number;
}

const detours = ['ProxyJump', 'ProxyCommand', 'HostName'] as const;

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
  const settingsOf = (config: ReturnType<typeof parse>, address: string) => inWords(() => config.compute(address, { ignoreCase: true, matchExec: false }));
  const config = inWords(() => parse(text));
  /** The first value of a keyword counts: its line is the one up to which the file has to be read for it. */
  const lineOf = (keyword: string, address: string): number => {
    const lines = text.split('\n');
    const at = lines.findIndex((line, n) => line.trim().toLowerCase().startsWith(keyword.toLowerCase())
      && settingsOf(inWords(() => parse(lines.slice(0, n + 1).join('\n'))), address)[keyword.toLowerCase()] !== undefined);
    return at + 1;
  };
  const detourOf = (found: ReturnType<typeof settingsOf>, address: string): Detour | undefined => {
    // Of the two proxies the one that stands first counts, and keeps the other from it: none does, too (man 5 ssh_config).
    const proxy = Object.keys(found).find((key) => key === 'proxyjump' || key === 'proxycommand');
    for (const keyword of detours) {
      const key = keyword.toLowerCase();
      const value = key === proxy || keyword === 'HostName' ? first(found[key]) : undefined;
      if (value && value.toLowerCase() !== 'none' && !['%h', address].includes(value)) return { keyword, value, line: lineOf(keyword, address) };
    }
    return undefined;
  };
  return (address) => {
    const found = settingsOf(config, address);
    const detour = detourOf(found, address);
    const [user, port, identityFile] = [first(found['user']), Number(first(found['port'])), first(found['identityfile'])];
    return {
      ...(user ? { user } : {}),
      ...(Number.isInteger(port) && port > 0 ? { port } : {}),
      ...(identityFile && !identityFile.includes('%') ? { identityFile } : {}),
      ...(detour ? { detour } : {}),
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
