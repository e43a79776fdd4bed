import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { encryptsHistory, historyCodec, isEncrypted } from '../../home/history-codec';
import { ensureKeys, forgetKey, loadKeys, rotateKey } from '../../home/key';
import type { Payload } from '../../home/payload';

const before = { ...process.env };
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-codec-'));
  process.env = { ...before, KEELSON_HOME: home };
  delete process.env['KEELSON_KEY_FILE'];
  ensureKeys();
});
afterEach(() => {
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

const bytes = fc.uint8Array({ maxLength: 200 });
const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'encoding', 'toString', ''));
const payload: fc.Arbitrary<Payload> = fc.record({ metadata: fc.array(fc.tuple(name, bytes)).map((entries) => Object.fromEntries(entries)), data: bytes });
const plain = ({ metadata, data }: Payload): unknown => [Object.entries(metadata ?? {}).map(([key, value]) => [key, [...value]]), [...(data ?? [])]];
const text = (value: string): Payload => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) });

test('every payload comes back as it was, whatever its metadata are called', async () => {
  const codec = historyCodec({ encrypt: true });
  await fc.assert(fc.asyncProperty(fc.array(payload, { maxLength: 4 }), async (payloads) => {
    const encoded = await codec.encode(payloads);
    expect(encoded.every(isEncrypted)).toBe(true);
    expect((await codec.decode(encoded)).map(plain)).toEqual(payloads.map(plain));
  }));
});

test('nothing of it can be read from outside, and no two are equal', async () => {
  const codec = historyCodec({ encrypt: true });
  const [one, two] = await codec.encode([text('Geheim-4711'), text('Geheim-4711')]);
  expect(Buffer.from(one?.data ?? []).toString('latin1')).not.toContain('Geheim');
  expect(Buffer.from(one?.data ?? [])).not.toEqual(Buffer.from(two?.data ?? []));
});

test('without the setting nothing is encrypted, and what is encrypted is read all the same', async () => {
  expect([encryptsHistory({}), encryptsHistory({ KEELSON_ENCRYPT_HISTORY: '0' }), encryptsHistory({ KEELSON_ENCRYPT_HISTORY: '1' })]).toEqual([false, false, true]);
  const clear = historyCodec({ encrypt: false });
  const mixed = [text('a'), ...(await historyCodec({ encrypt: true }).encode([text('b')]))];
  expect(await clear.encode([text('a')])).toEqual([text('a')]);
  expect((await clear.decode(mixed)).map(plain)).toEqual([text('a'), text('b')].map(plain));
});

test('after a rotation both are read; without its key a payload says which one is needed', async () => {
  const codec = historyCodec({ encrypt: true });
  const old = await codec.encode([text('old')]);
  const { former } = await rotateKey({ now: '2026-01-01T00:00:00Z' });
  const anew = await codec.encode([text('new')]);
  expect(Buffer.from(anew[0]?.metadata?.['encryption-key-id'] ?? []).toString()).toBe(loadKeys().current.id);
  expect((await codec.decode([...old, ...anew])).map(plain)).toEqual([text('old'), text('new')].map(plain));
  await forgetKey(former[0]?.id ?? '');
  await expect(codec.decode(old)).rejects.toMatchObject({ type: 'KeyMissing', message: expect.stringContaining(former[0]?.id ?? '') as string });
});

test('a payload that was changed anywhere, or cut, is told', async () => {
  const codec = historyCodec({ encrypt: true });
  const [sealed] = await codec.encode([text('Geheim')]);
  const data = Buffer.from(sealed?.data ?? []);
  await fc.assert(fc.asyncProperty(fc.nat({ max: data.length - 1 }), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, by, cut) => {
    const changed = Buffer.from(data);
    changed[at] = (changed[at] ?? 0) ^ by;
    await expect(codec.decode([{ ...sealed, data: cut ? data.subarray(0, at) : changed }])).rejects.toMatchObject({ type: 'InvalidSpec' });
  }));
});
