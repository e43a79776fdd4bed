import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ClusterError } from '../domain/errors';
import { fingerprintOfSecret, formatKeyFile, idOf, type KeyRing, type KeyText, newFingerprint, newSecret, parseKeyFile, ringOf } from './key-file';
import { keyFile } from './paths';
import { withStartLock } from './start-lock';

/**
 * Reads the sealing keys. Throws ClusterError `KeyMissing`, saying where they were looked for and what to do, when the
 * file is absent or damaged: a new key could not open what the old one sealed, so none is made here.
 */
export const loadKeys = (): KeyRing => ringOf(readKeys());

/** Keys for a look at what would be sealed: they are written nowhere, and what they seal nobody opens. */
export const keysForALook = (): KeyRing => ringOf({ secrets: [{ secret: newSecret() }] });

/** The sealing keys; a first one is made, mode 0600, when there is none. For the client, which seals first of all. */
export function ensureKeys(): KeyRing {
  const file = keyFile();
  try {
    readFileSync(file);
    return loadKeys();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // A link appears whole or not at all: of two clients that start at once, both end with the first one's key.
  placeDraft(file, { secrets: [{ secret: newSecret() }] }, (draft) => {
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
  return loadKeys();
}

/**
 * Makes a new current key; the one before stays, for what it has sealed. `leaked`: the fingerprints change as well, by
 * which somebody with the old file could try out passwords. Gives the keys as they are now. Throws KeyMissing.
 */
export const rotateKey = ({ now, leaked = false }: { now: string; leaked?: boolean }): Promise<KeyRing> =>
  changeKeys(({ secrets, fingerprint }) => ({
    secrets: [{ secret: newSecret(), madeAt: now }, ...secrets],
    fingerprint: leaked ? newFingerprint() : (fingerprint ?? fingerprintOfSecret((secrets[0] as KeyText['secrets'][number]).secret)),
  }));

/** Takes a former key away: what it has sealed can never be opened again. Throws InvalidSpec for the current one and for none of these. */
export const forgetKey = (id: string): Promise<KeyRing> =>
  changeKeys(({ secrets, fingerprint }) => {
    const at = secrets.findIndex(({ secret }) => idOf(secret) === id);
    if (at < 0) throw new ClusterError('InvalidSpec', `there is no key ${id} in ${keyFile()}`, { todo: '`keelson key show` lists the keys' });
    if (at === 0) throw new ClusterError('InvalidSpec', `${id} is the current key`, { todo: '`keelson key rotate` makes a new one; then this one can go' });
    return { secrets: secrets.filter((_one, index) => index !== at), ...(fingerprint ? { fingerprint } : {}) };
  });

/** Two changes at once must not lose a key: one after the other, each written whole. */
async function changeKeys(change: (before: KeyText) => KeyText): Promise<KeyRing> {
  readKeys();
  // Of a link, what it leads to is replaced.
  const file = realpathSync(keyFile());
  return withStartLock(`${file}.lock`, 10_000, () => {
    const after = change(readKeys());
    placeDraft(file, after, (draft) => renameSync(draft, file));
    return Promise.resolve(ringOf(after));
  });
}

function placeDraft(file: string, keys: KeyText, place: (draft: string) => void): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, formatKeyFile(keys), { mode: 0o600, flag: 'wx' });
    place(draft);
  } finally {
    rmSync(draft, { force: true });
  }
}

function readKeys(): KeyText {
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
  const keys = parseKeyFile(text);
  if (keys) return keys;
  throw new ClusterError('KeyMissing', `${file} is no sealing key: it is damaged, or another file`, {
    todo: 'restore the key file from where it was made; do not make a new one: it could not open what is sealed',
  });
}
