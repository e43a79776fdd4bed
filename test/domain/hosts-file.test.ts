import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Command } from '../../domain/command';
import { removeHosts, setHosts } from '../../domain/hosts-file';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  file = join(folder, 'hosts');
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = ({ script }: Command): string => execFileSync('bash', ['-c', script], { encoding: 'utf8' });
const read = (): string => readFileSync(file, 'latin1');
const registry = setHostsOf('registry', '10.0.0.1', 'sealos.hub');
const api = setHostsOf('api', '10.0.0.2', 'apiserver.cluster.local');

function setHostsOf(section: string, address: string, name: string): () => void {
  return () => { run(setHosts('demo', section, [{ address, names: [name] }], file)); };
}

test('puts the lines before all others, between markers, so that a stale line below cannot win', () => {
  writeFileSync(file, '127.0.0.1 localhost\n10.9.9.9 sealos.hub\n');
  registry();
  api();
  expect(read()).toBe([
    '# keelson demo begin', '10.0.0.1 sealos.hub # keelson demo registry', '10.0.0.2 apiserver.cluster.local # keelson demo api', '# keelson demo end',
    '127.0.0.1 localhost', '10.9.9.9 sealos.hub', '',
  ].join('\n'));
});

test('changes a section in its place and leaves the file alone when it is right', () => {
  writeFileSync(file, '127.0.0.1 localhost\n');
  registry();
  api();
  const { ino } = statSync(file);
  setHostsOf('registry', '10.0.0.7', 'sealos.hub')();
  expect(read().split('\n')[1]).toBe('10.0.0.7 sealos.hub # keelson demo registry');
  expect(statSync(file).ino).toBe(ino);

  chmodSync(file, 0o444);
  const before = statSync(file).mtimeMs;
  setHostsOf('registry', '10.0.0.7', 'sealos.hub')();
  expect(statSync(file).mtimeMs).toBe(before);
});

test('no lines take a section away, and the last section takes the markers along', () => {
  writeFileSync(file, 'x');
  registry();
  run(setHosts('demo', 'registry', [], file));
  expect(read()).toBe('x');
});

test('keeps what a person wrote between our markers', () => {
  writeFileSync(file, 'first\n');
  registry();
  writeFileSync(file, read().replace('# keelson demo end\n', '10.1.1.1 mine\n'));
  run(removeHosts('demo', file));
  expect(read()).toBe('10.1.1.1 mine\nfirst\n');
});

test('two clusters do not know each other', () => {
  writeFileSync(file, 'first\n');
  registry();
  run(setHosts('demo-2', 'registry', [{ address: '10.0.0.9', names: ['other.hub'] }], file));
  run(removeHosts('demo', file));
  expect(read()).toBe('# keelson demo-2 begin\n10.0.0.9 other.hub # keelson demo-2 registry\n# keelson demo-2 end\nfirst\n');
});

test('makes a file that is missing', () => {
  registry();
  expect(read()).toContain('10.0.0.1 sealos.hub');
});

test('a file with NUL bytes is left alone and named', () => {
  writeFileSync(file, 'a\0b\n');
  expect(registry).toThrow(/NUL bytes/);
  expect(read()).toBe('a\0b\n');
});

test.each([
  ['10.0.0.1\n6.6.6.6 evil', 'sealos.hub'],
  ['10.0.0.1', 'sealos.hub evil'],
  ['10.0.0.1', ''],
  ['', 'sealos.hub'],
])('refuses %j %j', (address, name) => {
  expect(() => setHosts('demo', 'registry', [{ address, names: [name] }])).toThrow(expect.objectContaining({ type: 'InvalidSpec' }));
});

test('removing gives back every byte that was there, whatever was there', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all.filter((byte) => byte !== 0)));
  const lines = fc.array(fc.constantFrom('127.0.0.1 localhost', '# a', '', '\r', '10.0.0.1\tsealos.hub', 'ünï'), { maxLength: 6 }).map((all) => Buffer.from(all.join('\n')));
  fc.assert(fc.property(fc.oneof(bytes, lines), (original) => {
    writeFileSync(file, original);
    registry();
    api();
    expect(readFileSync(file).subarray(-original.length || undefined).equals(original) || original.length === 0).toBe(true);
    run(removeHosts('demo', file));
    expect(readFileSync(file).equals(original)).toBe(true);
  }), { numRuns: 60 });
});
