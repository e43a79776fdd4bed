import { readFileSync } from 'node:fs';
import { loadKeys } from './key';
import type { KeyRing } from './key-file';
import { keyFile } from './paths';

/**
 * The sealing keys for who needs them many times a second. The file is read each time, so that a rotation counts at once;
 * the keys are derived anew only when it has changed. `load` is loadKeys, or ensureKeys for a client, which may make the first key.
 */
export function keyCache(load: () => KeyRing = loadKeys): () => KeyRing {
  let last: { text: string; ring: KeyRing } | undefined;
  return () => {
    const text = read();
    if (last === undefined || text === undefined || last.text !== text) {
      const ring = load();
      last = { text: text ?? read() ?? '', ring };
    }
    return last.ring;
  };
}

function read(): string | undefined {
  try {
    return readFileSync(keyFile(), 'utf8');
  } catch {
    return undefined;
  }
}
