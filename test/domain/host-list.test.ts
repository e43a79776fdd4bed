import fc from 'fast-check';
import { ClusterError } from '../../domain/errors';
import { parseHost, parseHostList } from '../../domain/host-list';

const addresses = (text: string) => parseHostList(text).map(({ address }) => address);

test.each<[string, string[]]>([
  ['', []],
  ['10.0.0.1', ['10.0.0.1']],
  [' 10.0.0.2 , 10.0.0.1 ', ['10.0.0.2', '10.0.0.1']],
  ['10.0.0.254-10.0.1.1', ['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']],
  ['10.0.0.8-10', ['10.0.0.8', '10.0.0.9', '10.0.0.10']],
  ['10.0.0.4-10.0.0.4', ['10.0.0.4']],
  ['10.0.0.5/30', ['10.0.0.5', '10.0.0.6']],
  ['10.0.0.0/31', ['10.0.0.0', '10.0.0.1']],
  ['10.0.0.7/32', ['10.0.0.7']],
  ['255.255.255.254/31', ['255.255.255.254', '255.255.255.255']],
  ['fd00::1', ['fd00::1']],
])('%j', (text, expected) => {
  expect(addresses(text)).toEqual(expected);
});

test('ports: the item\'s own, else the default, else none', () => {
  expect(parseHostList('10.0.0.1:2222,10.0.0.2,[fd00::1]:23,10.0.0.4-5', 22)).toEqual([
    { address: '10.0.0.1', port: 2222 }, { address: '10.0.0.2', port: 22 }, { address: 'fd00::1', port: 23 },
    { address: '10.0.0.4', port: 22 }, { address: '10.0.0.5', port: 22 },
  ]);
  expect(parseHostList('10.0.0.1')).toEqual([{ address: '10.0.0.1' }]);
});

test('everything that is wrong comes at once, with its position', () => {
  expect(() => parseHostList('10.0.0.1,,web,10.0.0.1,10.0.0.9-10.0.0.1,10.0.0.0/33,10.0.0.2:0,10.0.0.256,1-2-3', 22, '--nodes')).toThrow(
    '--nodes: item 2 ("") is empty; item 3 ("web") is no IP address; item 4 ("10.0.0.1") repeats 10.0.0.1 as item 1 has it; '
    + 'item 5 ("10.0.0.9-10.0.0.1") ends before it begins; item 6 ("10.0.0.0/33") is no IPv4 range in CIDR form; '
    + 'item 7 ("10.0.0.2:0") has no port: 0; item 8 ("10.0.0.256") is no IP address; item 9 ("1-2-3") is no IP address');
});

test('a range that overlaps another one repeats', () => {
  expect(() => parseHostList('10.0.0.1-9,10.0.0.5-20')).toThrow('item 2 ("10.0.0.5-20") repeats 10.0.0.5 as item 1 has it, 10.0.0.6 as item 1 has it, 10.0.0.7 as item 1 has it and 2 more');
});

test('4096 hosts, and no more', () => {
  expect(addresses('10.0.0.1-10.0.16.0')).toHaveLength(4096);
  expect(() => parseHostList('10.0.0.1-10.0.16.1')).toThrow('more than 4096 hosts');
  expect(() => parseHostList('0.0.0.0/0')).toThrow('more than 4096 hosts');
  expect(() => parseHostList('10.0.0.1-10.0.16.0,11.0.0.1')).toThrow('item 2 ("11.0.0.1") makes it more than 4096 hosts');
});

test('one host', () => {
  expect(parseHost('10.0.0.1:2222')).toEqual({ address: '10.0.0.1', port: 2222 });
  expect(parseHost('10.0.0.1-2')).toBeUndefined();
  expect(parseHost('10.0.0.0/24')).toBeUndefined();
});

test('any text is hosts without doubles, or a ClusterError', () => {
  const part = fc.constantFrom('10.0.0.1', '10.0.0.', '1', '-', '/', ':', ',', '[', ']', 'fd00::1', '24', '30', ' ', '999', '.');
  fc.assert(fc.property(fc.oneof(fc.array(part, { maxLength: 12 }).map((all) => all.join('')), fc.string()), (text) => {
    try {
      const found = addresses(text);
      expect(new Set(found).size).toBe(found.length);
      expect(found.length).toBeLessThanOrEqual(4096);
    } catch (error) {
      expect(error).toBeInstanceOf(ClusterError);
    }
  }), { numRuns: 2000 });
});
