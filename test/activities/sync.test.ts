import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfSet, setOf } from '../../activities/sync-plan';
import { stageTree, syncTree } from '../../activities/sync';
import type { TreeEntry } from '../../activities/ports';
import { LocalSession, quietScope } from './local-session';

let base: string;
let session: LocalSession;

beforeEach(() => {
  base = join(mkdtempSync(join(tmpdir(), 'sync-')), 'data');
  session = new LocalSession();
});
afterEach(() => rmSync(join(base, '..'), { recursive: true, force: true }));

const file = (path: string, content: string | Buffer, mode = 0o755): TreeEntry => {
  const bytes = Buffer.from(content);
  return { path, kind: 'file', mode, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
};
const link = (path: string, target: string): TreeEntry => ({ path, kind: 'link', mode: 0o777, size: 0, target });
const sync = (entries: readonly TreeEntry[], name = 'files') => syncTree(session, { name, base, entries, scope: quietScope() });
const content = (path: string): string => readFileSync(join(base, path), 'utf8');
const tree = (): string[] => execFileSync('find', ['.', '-mindepth', '1', '-not', '-path', './.keelson*'], { cwd: base, encoding: 'utf8' }).trim().split('\n').sort();

const first = [
  file('rootfs/bin/kubeadm', 'x'.repeat(300_000)),
  file('rootfs/etc/registry.yml', 'domain: sealos.hub\n'),
  file('rootfs/etc/private', 'p', 0o600),
  link('rootfs/bin/latest', 'kubeadm'),
  file("rootfs/odd/a 'name' with \"quotes\" & ümlaut \\ back", 'odd'),
  file(`rootfs/${'long/'.repeat(40)}name`, 'far down'),
  file('rootfs/-rf', 'dash'),
  file('rootfs/empty', ''),
];

test('brings every file, its mode and links, and leaves no staging behind', async () => {
  const report = await sync(first);
  expect(report).toMatchObject({ files: 7, keptBytes: 0, sentBytes: first.reduce((sum, { size }) => sum + size, 0) });
  for (const entry of first) {
    if (entry.kind === 'link') expect(readlinkSync(join(base, entry.path))).toBe(entry.target);
    else expect(content(entry.path)).toBe(entry.bytes!.toString());
  }
  expect(lstatSync(join(base, 'rootfs/etc/private')).mode & 0o777).toBe(0o600);
  expect(lstatSync(join(base, 'rootfs/bin/kubeadm')).mode & 0o777).toBe(0o755);
  expect(readdirSync(base).sort()).toEqual(['.keelson', 'rootfs']);
});

test('a second run is one command and no bytes (peers.md #26)', async () => {
  await sync(first);
  session.titles.length = 0;
  session.fedBytes = 0;
  const report = await sync([...first].reverse());
  expect(session.titles).toEqual(['look at the files of files']);
  expect(report).toMatchObject({ sentBytes: 0, files: 0, keptBytes: first.reduce((sum, { size }) => sum + size, 0) });
});

test('a changed file is the only one sent, and it replaces a file that is in use', async () => {
  await sync(first);
  const before = lstatSync(join(base, 'rootfs/etc/registry.yml')).ino;
  const report = await sync([...first, file('rootfs/etc/registry.yml', 'domain: other.hub.x\n')]);
  expect(report).toMatchObject({ files: 1, sentBytes: 20 });
  expect(content('rootfs/etc/registry.yml')).toBe('domain: other.hub.x\n');
  expect(lstatSync(join(base, 'rootfs/etc/registry.yml')).ino).not.toBe(before);
});

test('laid over what was there a set takes nothing away; the same set by itself does, afterwards', async () => {
  const [old, both, fresh] = [file('registry/old', 'old'), file('registry/both', 'both'), file('registry/new', 'new')];
  await sync([old, both]);
  const over = () => syncTree(session, { name: 'files', base, entries: [both, fresh], scope: quietScope(), keepOthers: true });
  expect(await over()).toMatchObject({ files: 1 });
  expect(tree()).toEqual(['./registry', './registry/both', './registry/new', './registry/old']);
  session.titles.length = 0;
  await over();
  expect(session.titles).toEqual(['look at the files of files']);
  expect(await sync([both, fresh])).toMatchObject({ files: 0 });
  expect(tree()).toEqual(['./registry', './registry/both', './registry/new']);
});

test('what left the set goes, with folders that are empty; what others put there stays', async () => {
  await sync(first);
  writeFileSync(join(base, 'rootfs/etc/registry_htpasswd'), 'ours');
  await sync(first.filter(({ path }) => path === 'rootfs/empty'));
  expect(tree()).toEqual(['./rootfs', './rootfs/empty', './rootfs/etc', './rootfs/etc/registry_htpasswd']);
});

test('an interrupted transfer goes on: complete files are not sent again, the one cut short is', async () => {
  const big = Array.from({ length: 8 }, (_, index) => file(`rootfs/bin/part-${index}`, Buffer.alloc(200_000, index + 1)));
  session.cutAfter = 900_000;
  await expect(sync(big)).rejects.toMatchObject({ type: 'Disconnected' });
  expect(existsSync(join(base, 'rootfs'))).toBe(false);
  const whole = readdirSync(join(base, '.staging/files/tree/rootfs/bin')).length;
  const report = await sync(big);
  expect(whole).toBeGreaterThanOrEqual(4);
  expect(report).toMatchObject({ files: 4, sentBytes: 800_000, keptBytes: 800_000 });
  for (const entry of big) expect(readFileSync(join(base, entry.path)).equals(entry.bytes!)).toBe(true);
});

test('a file damaged on the host is found by its size and put right; nothing else is sent', async () => {
  await sync(first);
  writeFileSync(join(base, 'rootfs/bin/kubeadm'), 'damaged');
  const report = await sync(first);
  expect(report.files).toBe(1);
  expect(content('rootfs/bin/kubeadm')).toHaveLength(300_000);
});

test('a changed set trusts no size: a file of equal size and other content is sent', async () => {
  await sync(first);
  writeFileSync(join(base, 'rootfs/etc/registry.yml'), 'DOMAIN: SEALOS.HUB\n');
  const report = await sync([...first, file('rootfs/new', 'n')]);
  expect(report.files).toBe(2);
  expect(content('rootfs/etc/registry.yml')).toBe('domain: sealos.hub\n');
});

test('content that is not what its digest says is sent twice, then refused, and never activated (peers.md #26)', async () => {
  const bad = { ...file('rootfs/bad', 'bad'), sha256: 'a'.repeat(64) };
  await expect(sync([bad, file('rootfs/good', 'g')])).rejects.toMatchObject({ type: 'DigestMismatch', details: { host: 'local' } });
  expect(existsSync(join(base, 'rootfs'))).toBe(false);
  expect(session.titles.filter((title) => title.startsWith('receive'))).toHaveLength(2);
  expect(existsSync(join(base, '.staging/files/tree/rootfs/bad'))).toBe(false);
  expect(existsSync(join(base, '.staging/files/tree/rootfs/good'))).toBe(true);
});

test('a link on the host that stands where a folder belongs is replaced, not followed', async () => {
  const outside = join(base, '..', 'outside');
  mkdirSync(outside);
  mkdirSync(join(base, 'rootfs'), { recursive: true });
  symlinkSync(outside, join(base, 'rootfs/etc'));
  await sync(first);
  expect(readdirSync(outside)).toEqual([]);
  expect(content('rootfs/etc/registry.yml')).toBe('domain: sealos.hub\n');
});

test('a folder that becomes a link takes nothing of the link target with it', async () => {
  const outside = join(base, '..', 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'registry.yml'), 'theirs');
  await sync(first);
  const next = [...first.filter(({ path }) => !path.startsWith('rootfs/etc/')), link('rootfs/etc', outside)];
  await sync(next);
  rmSync(join(base, '.keelson/files.json'));
  await sync(next);
  await sync(next.filter(({ path }) => path !== 'rootfs/etc'));
  expect(existsSync(join(base, 'rootfs/etc'))).toBe(false);
  expect(readFileSync(join(outside, 'registry.yml'), 'utf8')).toBe('theirs');
});

test('two sets share folders and know only their own files', async () => {
  await sync(first);
  await sync([file('rootfs/registry/docker/blob', 'b')], 'registry');
  expect((await sync(first)).files).toBe(0);
  await sync([], 'registry');
  expect(existsSync(join(base, 'rootfs/registry'))).toBe(false);
  expect((await sync(first)).files).toBe(0);
});

test('an activation that died before its marker is done again without sending', async () => {
  await sync(first);
  rmSync(join(base, '.keelson/files.json'));
  expect(await sync(first)).toMatchObject({ files: 0, sentBytes: 0 });
  expect(existsSync(join(base, '.keelson/files.json'))).toBe(true);
});

test('leftovers of another set of files in the staging do not get into the tree', async () => {
  mkdirSync(join(base, '.staging/files/tree/rootfs/stale'), { recursive: true });
  writeFileSync(join(base, '.staging/files/tree/rootfs/stale/file'), 'old');
  writeFileSync(join(base, '.staging/files/tree/rootfs/etc'), 'a file where a folder belongs');
  await sync(first);
  expect(existsSync(join(base, 'rootfs/stale'))).toBe(false);
  expect(content('rootfs/etc/registry.yml')).toBe('domain: sealos.hub\n');
});

test.each([['../up'], ['/abs'], ['a//b'], ['a/./b'], ['new\nline']])('refuses the path %j', (path) => {
  expect(() => setOf([file(path, 'x')])).toThrow(expect.objectContaining({ type: 'InvalidImage' }));
});

test('refuses a file below a link of another image', () => {
  expect(() => setOf([link('rootfs/etc', '/etc'), file('rootfs/etc/passwd', 'x')])).toThrow(/below rootfs\/etc, which is a link/);
});

test('the digest of a set hangs on paths, modes and contents, not on order', () => {
  const digest = digestOfSet(setOf(first));
  expect(digestOfSet(setOf([...first].reverse()))).toBe(digest);
  expect(digestOfSet(setOf([...first, file('rootfs/empty', '', 0o644)]))).not.toBe(digest);
  expect(digestOfSet(setOf([...first, link('rootfs/bin/latest', 'other')]))).not.toBe(digest);
});

test('two sets that bring the same top folder travel at the same time, and both arrive', async () => {
  const other = [file('rootfs/registry/blob', 'b'.repeat(70_000)), file('rootfs/registry/etc/link', 'l')];
  const staged = await Promise.all([first, other].map((entries, at) => stageTree(session, { name: ['files', 'registry'][at]!, base, entries, scope: quietScope() })));
  expect(existsSync(join(base, 'rootfs'))).toBe(false);
  for (const { activate } of staged) await activate();
  for (const entry of [...first, ...other]) if (entry.kind === 'file') expect(content(entry.path)).toBe(entry.bytes!.toString());
  expect(readdirSync(base).sort()).toEqual(['.keelson', 'rootfs']);
  session.titles.length = 0;
  await sync(first);
  await sync(other, 'registry');
  expect(session.titles).toEqual(['look at the files of files', 'look at the files of registry']);
});
