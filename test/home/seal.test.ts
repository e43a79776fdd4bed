import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ensureKey, loadKey } from '../../home/key';
import { keyFile } from '../../home/paths';
import { fingerprintOf, isSealed, open, seal } from '../../home/seal';

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

test('the key is made once, for its owner only', () => {
  const { id } = ensureKey();
  expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
  const text = readFileSync(keyFile(), 'utf8');
  expect(ensureKey().id).toBe(id);
  expect(readFileSync(keyFile(), 'utf8')).toBe(text);
});

test('without its key a value stays closed, and no key is made in its place', () => {
  const sealed = seal('secret', place);
  rmSync(keyFile());
  expect(() => open(sealed, place)).toThrow(expect.objectContaining({ type: 'KeyMissing' }));
  expect(() => loadKey()).toThrow(expect.objectContaining({ details: { todo: expect.stringContaining('KEELSON_KEY_FILE') as string } }));
});

test('another key says which one is needed', () => {
  const sealed = seal('secret', place);
  process.env.KEELSON_KEY_FILE = join(home, 'other');
  ensureKey();
  expect(() => open(sealed, place)).toThrow(expect.objectContaining({ type: 'KeyMissing', message: expect.stringContaining(sealed.split(':')[2] as string) as string }));
});

test('a damaged key file is named, not replaced', () => {
  writeFileSync(keyFile(), 'short\n');
  expect(() => ensureKey()).toThrow(expect.objectContaining({ type: 'KeyMissing' }));
  expect(readFileSync(keyFile(), 'utf8')).toBe('short\n');
});
