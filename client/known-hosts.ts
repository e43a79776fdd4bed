import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { revoked } from '../domain/host-key';

/** Where OpenSSH keeps the keys it knows. */
const files = (): string[] => [join(homedir(), '.ssh', 'known_hosts'), join(homedir(), '.ssh', 'known_hosts2'), '/etc/ssh/ssh_known_hosts'];

/** All known_hosts text of this machine's user; missing files count as empty. */
export function readKnownHosts(): string {
  return files().map((file) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  }).join('\n');
}

interface Line {
  readonly patterns: readonly string[];
  /** `[@revoked ]<type> <base64>`. */
  readonly key: string;
}

/**
 * A function that gives the keys known for an address, as `<type> <base64>`; [] for a stranger. Plain, wildcard and
 * hashed names count as in OpenSSH; keys of authorities do not. Those that it must never show are given as
 * `@revoked <type> <base64>` (domain/host-key.ts).
 */
export function knownHosts(text: string): (address: string, port: number) => string[] {
  const lines = text.split('\n').flatMap(parse);
  return (address, port) => {
    const name = port === 22 ? address : `[${address}]:${port}`;
    return [...new Set(lines.filter(({ patterns }) => matches(patterns, name)).map(({ key }) => key))];
  };
}

function parse(line: string): Line[] {
  const words = line.trim().split(/\s+/);
  const isRevoked = words[0] === '@revoked';
  const [names, type, key] = isRevoked ? words.slice(1) : words;
  if (!names || !type || !key || names.startsWith('#') || names.startsWith('@')) return [];
  return [{ patterns: names.split(','), key: isRevoked ? revoked(`${type} ${key}`) : `${type} ${key}` }];
}

/** One pattern must match, and no negated one may. */
function matches(patterns: readonly string[], name: string): boolean {
  const negated = patterns.filter((pattern) => pattern.startsWith('!'));
  if (negated.some((pattern) => matchesOne(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesOne(pattern, name));
}

function matchesOne(pattern: string, name: string): boolean {
  const [, version, salt, hash] = pattern.split('|');
  if (version === '1' && salt && hash) {
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  if (!/[*?]/.test(pattern)) return pattern.toLowerCase() === name.toLowerCase();
  return matchesWildcard(pattern.toLowerCase(), name.toLowerCase());
}

/** `*` and `?` as OpenSSH reads them. By hand: as a regular expression a line of many stars would take for ever. */
function matchesWildcard(pattern: string, name: string): boolean {
  let [p, n, star, from] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p;
      from = n;
      p += 1;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      // The last star takes one more character.
      p = star + 1;
      from += 1;
      n = from;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
