import fc from 'fast-check';
import { parse } from 'yaml';
import type { ConfigDocument } from '../../domain/cluster';
import { applyConfig } from '../../domain/config-merge';
import { ClusterError } from '../../domain/errors';

const config = (data: string, strategy: ConfigDocument['strategy'] = 'merge'): ConfigDocument => ({ name: 'cni', path: 'etc/x.yaml', strategy, data });

test('override replaces, insert and append put a line break between', () => {
  expect(applyConfig('old', config('new', 'override'))).toBe('new');
  expect(applyConfig('old', config('new', 'insert'))).toBe('new\nold');
  expect(applyConfig('old', config('new', 'append'))).toBe('old\nnew');
});

test.each(['override', 'insert', 'append', 'merge'] as const)('%s makes a missing file', (strategy) => {
  expect(applyConfig(undefined, config('a: 1\n', strategy))).toBe('a: 1\n');
});

test('merge goes into depth, replaces lists, keeps comments and order', () => {
  const old = '# head\nspec:\n  a: 1 # one\n  list: [1, 2]\n  keep: "yes"\n  plain: yes\n# tail\nz: 1\n';
  expect(applyConfig(old, config('spec: {a: 2, list: [3], more: {x: 1}}'))).toBe(
    '# head\nspec:\n  a: 2 # one\n  list: [ 3 ]\n  keep: "yes"\n  plain: yes\n  more: { x: 1 }\n# tail\nz: 1\n');
});

test('merge reaches every part of the file', () => {
  expect(applyConfig('---\na: 1\n---\nb: 1\n', config('c: 3'))).toBe('a: 1\nc: 3\n---\nb: 1\nc: 3\n');
});

test('empty values win, and anything replaces an empty value', () => {
  expect(parse(applyConfig('a: {b: 1}\nc: ""\nd:\n', config('a: \nc: null\nd: {e: 1}')))).toEqual({ a: null, c: null, d: { e: 1 } });
});

test('big numbers survive, and what an alias shared is shared no more', () => {
  expect(applyConfig('big: 12345678901234567890\na: &x {k: 1}\nb: *x\nc: [*x]', config('a: {k: 2}'))).toBe(
    'big: 12345678901234567890\na:\n  k: 2\nb:\n  k: 1\nc:\n  - k: 1\n');
});

test('an alias in the data becomes its value', () => {
  expect(parse(applyConfig('a: 1', config('b: &x {k: 1}\nc: *x')))).toEqual({ a: 1, b: { k: 1 }, c: { k: 1 } });
});

test.each([
  ['other types', 'a: {b: [1]}', 'a: {b: {c: 1}}', 'a.b is a list in the file and a map in the data'],
  ['other scalars', 'a: 1', 'a: "1"', 'a is a number in the file and a string in the data'],
  ['data that is no map', 'a: 1', '- 1', 'must be one YAML map'],
  ['data that is no YAML', 'a: 1', '{', 'its data is no YAML'],
  ['a file that is no YAML', '{{ a }}: [', 'a: 1', 'the file is no YAML'],
  ['a file that is a list', '- 1', 'a: 1', 'only maps can be merged'],
])('merge refuses %s', (_name, old, data, message) => {
  expect(() => applyConfig(old, config(data))).toThrow(
    expect.objectContaining({ type: 'InvalidSpec', message: expect.stringMatching(/^Config cni cannot change etc\/x\.yaml: /) }));
  expect(() => applyConfig(old, config(data))).toThrow(message);
});

const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.array(fc.integer(), { maxLength: 3 }), tie('map')),
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value')),
})).map;

test('merging the same data twice changes nothing more', () => {
  fc.assert(fc.property(tree, tree, (old, data) => {
    try {
      const once = applyConfig(JSON.stringify(old), config(JSON.stringify(data)));
      expect(applyConfig(once, config(JSON.stringify(data)))).toBe(once);
    } catch (error) {
      expect(error).toBeInstanceOf(ClusterError);
    }
  }));
});

test('never fails with anything but a ClusterError', () => {
  const line = fc.constantFrom('a: 1', 'b: &x [1]', 'c: *x', '---', '...', '- 1', '? {a: 1}', '"', '\t', '<<: *x', 'd: !!binary x', '%YAML 1.1', '{{ .x }}', 'a:', '  e: 1', '&y f: 1');
  const text = fc.oneof(fc.array(line, { maxLength: 6 }).map((all) => all.join('\n')), fc.string());
  fc.assert(fc.property(text, text, (old, data) => {
    try {
      expect(typeof applyConfig(old, config(data))).toBe('string');
    } catch (error) {
      expect(error).toBeInstanceOf(ClusterError);
    }
  }), { numRuns: 2000 });
});
