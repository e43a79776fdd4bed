import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decompress } from '../../activities/adapters/oci/decompress';
import { unpackLayers } from '../../activities/adapters/oci/unpack';
import { archiveOf, type Made } from './archives';

let dir: string;
let root: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'unpack-'));
  root = join(dir, 'root');
  mkdirSync(root);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function* once(bytes: Buffer): AsyncGenerator<Buffer> { yield bytes; }
const unpack = (...layers: Made[][]) => unpackLayers(root, layers.map((members) => () => once(archiveOf(members))));
const paths = (entries: readonly { path: string }[]): string[] => entries.map(({ path }) => path);
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

test('files, folders, links and hard links, with modes and hashes', async () => {
  const entries = await unpack([
    { name: './', type: 'dir', mode: 0o700 }, { name: './bin/', type: 'dir', mode: 0o750 }, { name: './bin/a', body: 'content', mode: 0o4755 },
    { name: 'bin/b', type: 'hardlink', linkName: './bin/a' }, { name: 'bin/c', type: 'symlink', linkName: '../../../etc/passwd' }, { name: 'made/for/it', body: '' },
  ]);
  expect(entries).toEqual([
    { path: 'bin', kind: 'dir', mode: 0o750, size: 0 },
    { path: 'bin/a', kind: 'file', mode: 0o755, size: 7, sha256: hash('content') },
    { path: 'bin/b', kind: 'file', mode: 0o755, size: 7, sha256: hash('content') },
    { path: 'bin/c', kind: 'link', mode: 0o777, size: 0, target: '../../../etc/passwd' },
    { path: 'made', kind: 'dir', mode: 0o755, size: 0 },
    { path: 'made/for', kind: 'dir', mode: 0o755, size: 0 },
    { path: 'made/for/it', kind: 'file', mode: 0o644, size: 0, sha256: hash('') },
  ]);
  expect(statSync(join(root, 'bin/a')).ino).toBe(statSync(join(root, 'bin/b')).ino);
  expect(statSync(join(root, 'bin/a')).mode & 0o7777).toBe(0o755);
  expect(readlinkSync(join(root, 'bin/c'))).toBe('../../../etc/passwd');
});

test('whiteouts take away lower layers only', async () => {
  const entries = await unpack(
    [{ name: 'a/gone', body: '1' }, { name: 'a/kept', body: '1' }, { name: 'b/x', body: '1' }, { name: 'b/sub/y', body: '1' }, { name: 'c', type: 'symlink', linkName: 'a' }],
    [{ name: 'a/.wh.gone' }, { name: 'b/new', body: '2' }, { name: 'b/.wh..wh..opq' }, { name: '.wh.c' }, { name: '.wh.never-was' }],
    [{ name: 'a/gone', body: 'back' }],
  );
  expect(paths(entries)).toEqual(['a', 'a/gone', 'a/kept', 'b', 'b/new']);
  expect(readdirSync(join(root, 'b'))).toEqual(['new']);
  expect(readFileSync(join(root, 'a/gone'), 'utf8')).toBe('back');
});

test('a later layer may change the kind of a path', async () => {
  const entries = await unpack(
    [{ name: 'a/deep/file', body: '1' }, { name: 'b', body: '1' }, { name: 'c', type: 'symlink', linkName: 'b' }],
    [{ name: 'a', body: 'now a file' }, { name: 'b/', type: 'dir' }, { name: 'b/in', body: '2' }, { name: 'c', body: 'no link' }],
  );
  expect(entries.map(({ path, kind }) => [path, kind])).toEqual([['a', 'file'], ['b', 'dir'], ['b/in', 'file'], ['c', 'file']]);
  expect(readFileSync(join(root, 'c'), 'utf8')).toBe('no link');
});

test('a file that replaces one of a hard-linked pair leaves the other alone', async () => {
  await unpack([{ name: 'a', body: 'one' }, { name: 'b', type: 'hardlink', linkName: 'a' }], [{ name: 'a', body: 'two' }]);
  expect(readFileSync(join(root, 'b'), 'utf8')).toBe('one');
});

const escape: Made[][] = [
  [{ name: '/abs', body: 'x' }], [{ name: '../up', body: 'x' }], [{ name: 'a/../../up', body: 'x' }], [{ name: 'a/..', type: 'dir' }],
  [{ name: 'out', type: 'symlink', linkName: '..' }, { name: 'out/up', body: 'x' }],
  [{ name: 'out', type: 'symlink', linkName: '/tmp' }, { name: 'out/', type: 'symlink', linkName: 'x' }, { name: 'out/deep/file', body: 'x' }],
  [{ name: 'h', type: 'hardlink', linkName: '/etc/passwd' }], [{ name: 'h', type: 'hardlink', linkName: '../up' }],
  [{ name: 'h', type: 'hardlink', linkName: 'not/there' }], [{ name: 'dev', type: 'device' }],
  [{ name: 'out', type: 'symlink', linkName: '..' }, { name: 'out/.wh.up' }], [{ name: 'out', type: 'symlink', linkName: '..' }, { name: 'out/.wh..wh..opq' }],
  [{ name: 'a/.wh...', body: '' }], [{ name: 'f', body: 'x' }, { name: 'f/below', body: 'x' }], [{ name: 'new\nline', body: 'x' }],
  [{ name: 's', type: 'symlink', linkName: '' }], [{ name: 'b/a', body: '' }, { name: 'b', type: 'hardlink', linkName: 'b/a' }],
];
test.each(escape.map((members) => [members.map(({ name, linkName }) => (linkName ? `${name} -> ${linkName}` : name)).join(', '), members] as const))(
  'refuses %j', async (_name, members) => {
    await expect(unpack(members as Made[])).rejects.toMatchObject({ type: 'InvalidImage' });
    expect(readdirSync(dir)).toEqual(['root']);
  },
);

test('no archive whatever writes outside of the root, and the list is what lies on the disk', async () => {
  const part = fc.constantFrom('a', 'b', '..', '.', '', '.wh.a', '.wh..wh..opq', '/etc', 'c d');
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const member = fc.record({ name, type: fc.constantFrom('file', 'hardlink', 'symlink', 'dir'), linkName: name, body: fc.constantFrom('', 'x') });
  const layers = fc.array(fc.array(member, { maxLength: 6 }), { minLength: 1, maxLength: 3 });
  await fc.assert(fc.asyncProperty(layers, async (made) => {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    const clean = made.map((layer) => layer.map((one): Made => ({ ...one, type: one.type as Made['type'] & string, body: one.type === 'file' ? one.body : '' })));
    const entries = await unpack(...clean).catch((error: { type?: string }) => {
      expect(error.type).toBe('InvalidImage');
      return undefined;
    });
    expect(readdirSync(dir)).toEqual(['root']);
    if (!entries) return;
    const found = execFileSync('find', ['.', '-mindepth', '1'], { cwd: root, encoding: 'utf8' }).trim().split('\n').filter(Boolean).map((path) => path.slice(2));
    expect(paths(entries).sort()).toEqual(found.sort());
  }), { numRuns: 150 });
});

test('a layer that is cut short is an invalid image', async () => {
  const archive = archiveOf([{ name: 'a', body: 'x'.repeat(5_000) }]);
  await expect(unpackLayers(root, [() => once(archive.subarray(0, 3_000))])).rejects.toMatchObject({ type: 'InvalidImage' });
  await expect(unpackLayers(root, [() => decompress(once(gzipSync(archive).subarray(0, 40)))])).rejects.toMatchObject({ type: 'InvalidImage' });
});

test.each([
  ['plain', (bytes: Buffer) => bytes], ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  ['zstd', (bytes: Buffer) => execFileSync('zstd', ['-qc'], { input: bytes, maxBuffer: 1 << 26 })],
])('unpacks %s layers, told by their first bytes', async (_name, pack) => {
  const body = 'compress me '.repeat(100_000);
  const entries = await unpackLayers(root, [() => decompress(once(pack(archiveOf([{ name: 'a', body }]))))]);
  expect(entries[0]).toMatchObject({ path: 'a', sha256: hash(body) });
  expect(lstatSync(join(root, 'a')).size).toBe(body.length);
});

test('damaged zstd says so', async () => {
  const packed = execFileSync('zstd', ['-qc'], { input: archiveOf([{ name: 'a', body: 'x'.repeat(100_000) }]) });
  packed.fill(0xff, 10, 20);
  await expect(unpackLayers(root, [() => decompress(once(packed))])).rejects.toMatchObject({ type: 'InvalidImage', message: expect.stringContaining('zstd') as string });
  expect(existsSync(join(root, 'b'))).toBe(false);
});
