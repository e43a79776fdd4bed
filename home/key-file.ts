import { createHash, hkdfSync, randomBytes } from 'node:crypto';

/**
 * The text of the key file. A key that was never replaced is one line of base64. After a rotation:
 *
 *     current <base64> <made at>
 *     former <base64> <made at>
 *     fingerprint <base64>
 *
 * What stood there first stays readable as it is, so that a file of any age works.
 */

const KEY_BYTES = 32;

/** A sealing key, split by purpose, so that no key serves two algorithms. */
export interface SealingKey {
  /** Names the key in sealed values; tells nothing about it. Begins with a letter or a digit, as it is an argument of commands. */
  readonly id: string;
  /** ISO time; absent for the first key of a file. */
  readonly madeAt?: string;
  /** For secrets of a spec. */
  readonly encryption: Buffer;
  /** For whole histories, where that is wanted. */
  readonly history: Buffer;
}

/** All that one key file holds. What is new is sealed with `current`; what `former` keys sealed can still be opened. */
export interface KeyRing {
  readonly current: SealingKey;
  readonly former: readonly SealingKey[];
  /** Makes equal secrets comparable. A rotation keeps it: the same password is no change of the spec. */
  readonly fingerprint: Buffer;
}

/** What stands in the file, before anything is derived. */
export interface KeyText {
  readonly secrets: readonly { readonly secret: Buffer; readonly madeAt?: string }[];
  /** Absent as long as there was no rotation. */
  readonly fingerprint?: Buffer;
}

/** The file as it was read; undefined for a text that is no key file. */
export function parseKeyFile(text: string): KeyText | undefined {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/\s+/));
  const [first] = lines;
  if (lines.length === 1 && first?.length === 1) {
    const secret = bytes(first[0]);
    return secret && { secrets: [{ secret }] };
  }
  const named = (word: string) => lines.filter(([what]) => what === word);
  const keys = [...named('current'), ...named('former')].map(([, base64, madeAt]) => ({ secret: bytes(base64), ...(madeAt ? { madeAt } : {}) }));
  const fingerprint = bytes(named('fingerprint')[0]?.[1]);
  const secrets = keys.flatMap(({ secret, ...rest }) => (secret ? [{ secret, ...rest }] : []));
  const whole = named('current').length === 1 && named('fingerprint').length === 1 && secrets.length === lines.length - 1;
  return whole && fingerprint ? { secrets, fingerprint } : undefined;
}

const bytes = (base64 = ''): Buffer | undefined => {
  const read = Buffer.from(base64, 'base64');
  return read.length === KEY_BYTES ? read : undefined;
};

/** The text of a file with these keys, the current one first. */
export function formatKeyFile({ secrets, fingerprint }: KeyText): string {
  if (!fingerprint) return `${secrets[0]?.secret.toString('base64') ?? ''}\n`;
  const lines = secrets.map(({ secret, madeAt }, at) => [at === 0 ? 'current' : 'former', secret.toString('base64'), madeAt ?? ''].join(' ').trim());
  return [...lines, `fingerprint ${fingerprint.toString('base64')}`, ''].join('\n');
}

/** The keys of a file, ready to use. */
export function ringOf({ secrets, fingerprint }: KeyText): KeyRing {
  const [current, ...former] = secrets.map(({ secret, madeAt }): SealingKey => ({
    id: idOf(secret), encryption: part(secret, 'encryption'), history: part(secret, 'history'), ...(madeAt ? { madeAt } : {}),
  }));
  const first = secrets[0];
  if (!current || !first) throw new Error('a key file without a key');
  return { current, former, fingerprint: fingerprint ?? part(first.secret, 'fingerprint') };
}

/** A new secret whose key's id can stand in a command line: one that begins with a dash would be taken for a flag. */
export function newSecret(): Buffer {
  for (;;) {
    const secret = randomBytes(KEY_BYTES);
    if (/^[A-Za-z0-9]/.test(idOf(secret))) return secret;
  }
}

export const newFingerprint = (): Buffer => randomBytes(KEY_BYTES);

/** The id under which values name the key that a secret makes. */
export const idOf = (secret: Buffer): string => createHash('sha256').update(part(secret, 'key id')).digest('base64url').slice(0, 8);

/** The fingerprint key of a file that has not named one yet. */
export const fingerprintOfSecret = (secret: Buffer): Buffer => part(secret, 'fingerprint');

const part = (secret: Buffer, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', `keelson ${purpose}`, KEY_BYTES));
