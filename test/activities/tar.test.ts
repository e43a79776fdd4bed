import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readTar, type TarMember } from '../../activities/adapters/read-tar';
import { writeTar } from '../../activities/adapters/write-tar';
import type { TreeEntry } from '../../activities/ports';

let dir: string;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'tar-')); });
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const collect = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
};
/** The archive in pieces of a size that splits headers and bodies. */
async function* inPieces(archive: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
}
const read = async (archive: Buffer, pieceSize = 700): Promise<(TarMember & { body: string })[]> => {
  const members: (TarMember & { body: string })[] = [];
  await readTar(inPieces(archive, pieceSize), async (member) => {
    const body: Buffer[] = [];
    const at = members.push({ ...member, body: '' }) - 1;
    return { write: (piece) => { body.push(Buffer.from(piece)); }, end: () => { members[at] = { ...member, body: Buffer.concat(body).toString() }; } };
  });
  return members;
};
const file = (path: string, text: string): TreeEntry => ({ path, kind: 'file', mode: 0o644, size: Buffer.byteLength(text), bytes: Buffer.from(text) });

test('GNU tar unpacks what we write: long names, long links, modes, files of every size around a block', async () => {
  const sizes = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 262_144, 300_001];
  const long = `${'directory/'.repeat(30)}file`;
  const sources = sizes.map((size) => {
    const from = join(dir, `source-${size}`);
    writeFileSync(from, Buffer.alloc(size, size % 251));
    return { path: `s/${size}`, kind: 'file', mode: 0o755, size, from } as const;
  });
  const exactly100 = 'n'.repeat(100);
  const archive = await collect(writeTar([
    { path: 's', kind: 'dir', mode: 0o700, size: 0 }, ...sources, file(long, 'long'), file(exactly100, '100'), file(`${exactly100}1`, '101'), file('ümläut 名', 'utf8'),
    { path: 'link', kind: 'link', mode: 0o777, size: 0, target: `/${'t'.repeat(150)}` },
  ]));
  const out = join(dir, 'out');
  mkdirSync(out);
  const tar = spawnSync('tar', ['xBf', '-', '-C', out], { input: archive, encoding: 'utf8' });
  expect(tar.stderr).toBe('');
  for (const size of sizes) expect(readFileSync(join(out, `s/${size}`)).equals(Buffer.alloc(size, size % 251))).toBe(true);
  expect(readFileSync(join(out, long), 'utf8')).toBe('long');
  expect(readFileSync(join(out, exactly100), 'utf8')).toBe('100');
  expect(readFileSync(join(out, `${exactly100}1`), 'utf8')).toBe('101');
  expect(readFileSync(join(out, 'ümläut 名'), 'utf8')).toBe('utf8');
  expect(statSync(join(out, 's')).mode & 0o777).toBe(0o700);
  expect(execFileSync('readlink', [join(out, 'link')], { encoding: 'utf8' }).trim()).toBe(`/${'t'.repeat(150)}`);
});

test('reads back any names and contents it wrote, however the stream is cut', async () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }).filter((name) => !/[\0/]/.test(name) && name.trim() !== ''), { maxLength: 6 });
  await fc.assert(fc.asyncProperty(names, fc.string({ maxLength: 2_000 }), fc.integer({ min: 1, max: 2_000 }), async (paths, text, pieceSize) => {
    const archive = await collect(writeTar(paths.map((path) => file(path, text))));
    expect((await read(archive, pieceSize)).map(({ name, body }) => [name, body])).toEqual(paths.map((path) => [path, text]));
  }), { numRuns: 60 });
});

test.each(['v7', 'oldgnu', 'gnu', 'ustar', 'pax'])('reads what GNU tar writes as %s', async (format) => {
  const long = format === 'v7' ? 'short' : `${'d'.repeat(60)}/${'f'.repeat(60)}`;
  mkdirSync(join(dir, 'in', 'd'.repeat(60)), { recursive: true });
  writeFileSync(join(dir, 'in', long), 'content');
  symlinkSync('short', join(dir, 'in/link'));
  writeFileSync(join(dir, 'in/yfile'), 'twice');
  execFileSync('ln', [join(dir, 'in/yfile'), join(dir, 'in/zhard')]);
  execFileSync('tar', [`--format=${format}`, '--sort=name', '-cf', join(dir, 'a.tar'), '-C', join(dir, 'in'), '.']);
  const members = await read(readFileSync(join(dir, 'a.tar')));
  expect(members.find(({ name }) => name === `./${long}`)).toMatchObject({ type: 'file', body: 'content' });
  expect(members.find(({ name }) => name === './link')).toMatchObject({ type: 'symlink', linkName: 'short' });
  expect(members.find(({ name }) => name === './zhard')).toMatchObject({ type: 'hardlink', linkName: './yfile', size: 0 });
  expect(members.find(({ name }) => name === './')).toMatchObject({ type: 'dir' });
});

test('an archive that is cut short is an error at every place, never a shorter tree', async () => {
  const archive = await collect(writeTar([file('a', 'x'.repeat(600)), file('b'.repeat(150), 'y')]));
  const ends = [100, 511, 700, 1_100, 1_600, 2_100, 2_600, 3_100];
  for (const end of ends) await expect(read(archive.subarray(0, end))).rejects.toThrow(/ends in the middle/);
});

test('bytes that are no archive are an error', async () => {
  await expect(read(Buffer.alloc(1024, 'no tar'))).rejects.toThrow(/checksum|octal/);
});

test('a source that changed since it was listed stops the stream', async () => {
  const from = join(dir, 'f');
  writeFileSync(from, 'longer now');
  await expect(collect(writeTar([{ path: 'f', kind: 'file', mode: 0o644, size: 3, from }]))).rejects.toMatchObject({ type: 'InvalidImage' });
  await expect(collect(writeTar([{ path: 'f', kind: 'file', mode: 0o644, size: 100_000, from }]))).rejects.toMatchObject({ type: 'InvalidImage' });
  await expect(collect(writeTar([{ path: 'f', kind: 'file', mode: 0o644, size: 3, from: join(dir, 'gone') }]))).rejects.toMatchObject({ type: 'InvalidImage' });
});

test('a cancelled stream ends with the reason of its signal', async () => {
  const stop = new AbortController();
  const stream = writeTar([file('a', 'a'), file('b', 'b')], stop.signal);
  stop.abort(new Error('enough'));
  await expect(collect(stream)).rejects.toThrow('enough');
});
