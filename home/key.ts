import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ClusterError } from '../domain/errors';
import { keyFile } from './paths';

const KEY_BYTES = 32;

/** The sealing key, split by purpose, so that no key serves two algorithms. */
export interface SealingKey {
  /** Names the key in sealed values; tells nothing about it. */
  readonly id: string;
  readonly encryption: Buffer;
  readonly fingerprint: Buffer;
}

/**
 * Reads the sealing key. Throws ClusterError `KeyMissing`, saying where it was looked for and what to do, when the file
 * is absent or damaged: a new key could not open what the old one sealed, so none is made here.
 */
export function loadKey(): SealingKey {
  const file = keyFile();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new ClusterError('KeyMissing', `there is no sealing key at ${file} (${code ?? 'unreadable'})`, {
      todo: `copy the key file of the machine where the cluster was made to ${file} (mode 0600), or name it in KEELSON_KEY_FILE`,
    }, { cause });
  }
  const secret = Buffer.from(text.trim(), 'base64');
  if (secret.length !== KEY_BYTES) {
    throw new ClusterError('KeyMissing', `${file} is no sealing key: it has ${secret.length} bytes instead of ${KEY_BYTES}`, {
      todo: 'restore the key file from where it was made; do not make a new one: it could not open what is sealed',
    });
  }
  return derive(secret);
}

/** The sealing key; made, mode 0600, when there is none. For the client, which seals first of all. */
export function ensureKey(): SealingKey {
  const file = keyFile();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // A link appears whole or not at all: of two clients that start at once, both end with the first one's key.
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    readFileSync(file);
    return loadKey();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  try {
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return loadKey();
}

function derive(secret: Buffer): SealingKey {
  const part = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', `keelson ${purpose}`, KEY_BYTES));
  return {
    id: createHash('sha256').update(part('key id')).digest('base64url').slice(0, 8),
    encryption: part('encryption'),
    fingerprint: part('fingerprint'),
  };
}
