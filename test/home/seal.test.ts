import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ensureKeys, forgetKey, loadKeys, rotateKey } from '../../home/key';
import { digestOf } from '../../domain/digest';
import { formatKeyFile, idOf, newSecret, parseKeyFile } from '../../home/key-file';
import { keyFile } from '../../home/paths';
import { fingerprintOf, isSealed, keyIdOf, open, seal } from '../../home/seal';

const place = { cluster: 'demo', field: 'credentials/root/password' };
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env.KEELSON_HOME = home;
  delete process.env.KEELSON_KEY_FILE;
});
afterEach(() => {
  delete process.env.KEELSON_HOME;
  delete process.env.KEELSON_KEY_FILE;
  rmSync(home, { recursive: true, force: true });
});

test('what was sealed is opened again, whatever it is', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (secret) => {
    const sealed = seal(secret, place);
    expect(isSealed(sealed)).toBe(true);
    expect(open(sealed, place)).toBe(Buffer.from(secret).toString());
  }));
});

test('a sealed value does not hold its secret, and no two are equal', () => {
  const [one, two] = [seal('geheimnis', place), seal('geheimnis', place)];
  expect(one).not.toBe(two);
  expect(one).not.toContain('geheimnis');
  expect(one).not.toContain(Buffer.from('geheimnis').toString('base64url'));
});

test('equal secrets have equal fingerprints, others have others', () => {
  expect(fingerprintOf(seal('a-secret', place))).toBe(fingerprintOf(seal('a-secret', { cluster: 'x', field: 'y' })));
  expect(fingerprintOf(seal('a-secret', place))).not.toBe(fingerprintOf(seal('a-secreT', place)));
});

test.each([
  ['another cluster', { ...place, cluster: 'other' }],
  ['another field', { ...place, field: 'credentials/ops/password' }],
])('a value moved to %s is refused', (_what, elsewhere) => {
  const sealed = seal('secret', place);
  expect(() => open(sealed, elsewhere)).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
});

test('a changed value is refused', () => {
  const sealed = seal('secret', place);
  const last = sealed.at(-3) === 'A' ? 'B' : 'A';
  expect(() => open(`${sealed.slice(0, -3)}${last}${sealed.slice(-2)}`, place)).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
});

test('a value that was cut anywhere is refused in our words', () => {
  const [head, nonce = '', body = ''] = /^(.*):([^:]*):([^:]*)$/.exec(seal('a secret', place))!.slice(1);
  const cut = (text: string, bytes: number): string => Buffer.from(text, 'base64url').subarray(0, bytes).toString('base64url') || 'A';
  for (let bytes = 0; bytes < 24; bytes += 1) {
    for (const one of [`${head}:${nonce}:${cut(body, bytes)}`, `${head}:${cut(nonce, Math.min(bytes, 11))}:${body}`]) {
      expect(() => open(one, place)).toThrow(expect.objectContaining({ name: 'InvalidSpec', type: 'InvalidSpec' }));
    }
  }
});

test('the key is made once, for its owner only', () => {
  const { id } = ensureKeys().current;
  expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
  const text = readFileSync(keyFile(), 'utf8');
  expect(ensureKeys().current.id).toBe(id);
  expect(readFileSync(keyFile(), 'utf8')).toBe(text);
});

test('without its key a value stays closed, and no key is made in its place', () => {
  const sealed = seal('secret', place);
  rmSync(keyFile());
  expect(() => open(sealed, place)).toThrow(expect.objectContaining({ type: 'KeyMissing' }));
  expect(() => loadKeys()).toThrow(expect.objectContaining({ details: { todo: expect.stringContaining('KEELSON_KEY_FILE') as string } }));
});

test('another key says which one is needed', () => {
  const sealed = seal('secret', place);
  process.env.KEELSON_KEY_FILE = join(home, 'other');
  ensureKeys();
  expect(() => open(sealed, place)).toThrow(expect.objectContaining({ type: 'KeyMissing', message: expect.stringContaining(sealed.split(':')[2] as string) as string }));
});

test('a damaged key file is named, not replaced', () => {
  writeFileSync(keyFile(), 'short\n');
  expect(() => ensureKeys()).toThrow(expect.objectContaining({ type: 'KeyMissing' }));
  expect(readFileSync(keyFile(), 'utf8')).toBe('short\n');
});

describe('a rotation', () => {
  const now = '2026-01-02T03:04:05Z';

  test('what the former key sealed still opens, what is new is sealed with the new one', async () => {
    const before = seal('secret', place);
    const { current, former } = await rotateKey({ now });
    const after = seal('secret', place);
    expect(former.map(({ id }) => id)).toEqual([keyIdOf(before)]);
    expect(keyIdOf(after)).toBe(current.id);
    expect([open(before, place), open(after, place)]).toEqual(['secret', 'secret']);
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
  });

  test('the same secret stays the same to who compares; after a leak it does not', async () => {
    const before = seal('secret', place);
    await rotateKey({ now });
    await rotateKey({ now });
    expect(digestOf({ password: seal('secret', place) })).toBe(digestOf({ password: before }));
    await rotateKey({ now, leaked: true });
    expect(fingerprintOf(seal('secret', place))).not.toBe(fingerprintOf(before));
    expect(open(before, place)).toBe('secret');
  });

  test('two at once lose no key', async () => {
    const first = ensureKeys().current.id;
    await Promise.all([rotateKey({ now }), rotateKey({ now })]);
    const { current, former } = loadKeys();
    expect(new Set([current.id, ...former.map(({ id }) => id)]).size).toBe(3);
    expect(former.at(-1)?.id).toBe(first);
  });

  test('a forgotten key opens nothing, and which one is needed is said', async () => {
    const before = seal('secret', place);
    await rotateKey({ now });
    await forgetKey(keyIdOf(before));
    expect(() => open(before, place)).toThrow(expect.objectContaining({ type: 'KeyMissing', message: expect.stringContaining(keyIdOf(before)) as string }));
  });

  test('neither the current key nor one that is not there can be forgotten', async () => {
    const { current } = ensureKeys();
    await expect(forgetKey(current.id)).rejects.toMatchObject({ type: 'InvalidSpec', details: { todo: expect.stringContaining('key rotate') as string } });
    await expect(forgetKey('nobody00')).rejects.toMatchObject({ type: 'InvalidSpec' });
  });

  test('a link leads to the file that is changed', async () => {
    const link = join(home, 'link');
    ensureKeys();
    symlinkSync(keyFile(), link);
    process.env.KEELSON_KEY_FILE = link;
    await rotateKey({ now });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(loadKeys().former).toHaveLength(1);
  });
});

test('no id of a key could be taken for a flag', () => {
  for (let n = 0; n < 300; n += 1) expect(idOf(newSecret())).toMatch(/^[A-Za-z0-9][\w-]{7}$/);
});

test('a key file is read back as it was written, and anything else is none', () => {
  const key = fc.record({ secret: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)), madeAt: fc.constant('2026-01-02T03:04:05Z') });
  fc.assert(fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (secrets, print) => {
    const keys = { secrets, fingerprint: Buffer.from(print) };
    expect(parseKeyFile(formatKeyFile(keys))).toEqual(keys);
  }));
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('current\n', 'current x\nfingerprint y\n', '\n', 'former a b c')), (text) => {
    expect(parseKeyFile(text)).toBeUndefined();
  }));
});
