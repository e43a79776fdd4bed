import fc from 'fast-check';
import { historyCodec } from '../../home/history-codec';
import { packingCodec } from '../../home/packing-codec';
import { chained, encodingOf, type Payload } from '../../home/payload';

const text = (value: unknown): Payload => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) });
const plain = ({ metadata, data }: Payload): unknown => [Object.entries(metadata ?? {}).map(([key, value]) => [key, [...value]]), Buffer.from(data ?? []).toString('latin1')];
const hosts = (count: number): unknown => Array.from({ length: count }, (_, at) => ({ id: `10.128.${at >> 8}.${at & 255}`, roles: ['node', 'amd64'], credential: 'default', env: [] }));
const codec = packingCodec();

test('what is large is packed to a fraction and comes back as it was; what is small stays readable', async () => {
  const [small, large] = [text(hosts(10)), text(hosts(5_000))];
  const encoded = await codec.encode([small, large]);
  expect(encoded[0]).toBe(small);
  expect(encodingOf(encoded[1]!)).toBe('binary/gzip');
  expect(encoded[1]!.data!.length).toBeLessThan(large.data!.length / 8);
  expect((await codec.decode(encoded)).map(plain)).toEqual([small, large].map(plain));
});

test('a history may hold both kinds, and encrypts what is packed', async () => {
  const encrypted = chained([codec, historyCodec({ encrypt: true, keys: () => ({ current: { id: 'one', history: Buffer.alloc(32, 1) }, former: [] }) as never })]);
  const payloads = [text('a'), text(hosts(2_000))];
  const encoded = await encrypted.encode(payloads);
  expect(encoded.map(encodingOf)).toEqual(['binary/encrypted', 'binary/encrypted']);
  expect((await encrypted.decode([...encoded, ...payloads])).map(plain)).toEqual([...payloads, ...payloads].map(plain));
});

test('a packed payload that was changed anywhere, or cut, is told or comes back as it was', async () => {
  const [packed] = await codec.encode([text(hosts(1_000))]);
  const data = Buffer.from(packed!.data!);
  const before = plain(text(hosts(1_000)));
  await fc.assert(fc.asyncProperty(fc.nat({ max: data.length - 1 }), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, by, cut) => {
    const changed = Buffer.from(data);
    changed[at] = (changed[at] ?? 0) ^ by;
    const read = await codec.decode([{ ...packed, data: cut ? data.subarray(0, at) : changed }]).then(([one]) => plain(one!), (error: unknown) => error);
    // The header of gzip has bytes that say nothing of the content.
    if (JSON.stringify(read) !== JSON.stringify(before)) expect(read).toMatchObject({ type: 'InvalidSpec' });
  }), { numRuns: 30 });
});
