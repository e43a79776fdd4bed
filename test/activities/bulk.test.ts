import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { createRemote } from '../../activities/adapters/remote';
import type { Remote, Scope, TreeEntry } from '../../activities/ports';
import { createSecrets } from '../../activities/secrets';
import { syncTree } from '../../activities/sync';
import type { Command } from '../../domain/command';
import { credentialField, seal } from '../../home/seal';
import { readJournal } from '../read-records';
import { aScope as scopeOf, aTarget, startServer, type TestServer } from './ssh-server';

/** The fence on this machine remembers attempts: each test is a cluster of its own for it. */
let uid: string;
const aScope = (extra: Partial<Scope> = {}): Scope => scopeOf({ uid, step: 'bulk-test', ...extra });
const root = join(__dirname, '..', '..');
let home: string;
let remote: Remote;
let server: TestServer;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'keelson-bulk-'));
  process.env.KEELSON_HOME = home;
  uid = randomBytes(8).toString('hex');
  server = await startServer({ password: 'right-password' });
  remote = createRemote({
    secrets: createSecrets(),
    bulk: { program: join(root, 'workers', 'bulk.ts'), execArgv: ['-r', join(root, 'test', 'hosts', 'register.cjs')], cancelMs: 10_000 },
  });
});
afterEach(async () => {
  await remote.close();
  await server.close();
  delete process.env.KEELSON_HOME;
  rmSync('/var/lib/keelson/fence/bulk-test', { force: true });
  rmSync(home, { recursive: true, force: true });
});

/** A file large enough for a process of its own, on this machine's disk. */
function large(path: string, mebibytes = 20): TreeEntry {
  const from = join(home, path.replaceAll('/', '-'));
  const bytes = randomBytes(mebibytes * 1024 * 1024);
  writeFileSync(from, bytes);
  return { path, kind: 'file', mode: 0o755, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), from };
}

const session = (scope: Scope = aScope()) => remote.to(aTarget(server.port, {
  access: { user: 'root', password: seal('right-password', { cluster: 'demo', field: credentialField('root', 'password') }) },
}), scope);

/** Processes that send, started by this one. */
const senders = (): number[] => {
  const found = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).split('\n');
  return found.filter((line) => line.includes('workers/bulk.ts')).map((line) => Number(line.trim().split(' ')[0]));
};
async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo(); ) {
    if (Date.now() > end) throw new Error('it did not come to be');
    await new Promise((wake) => { setTimeout(wake, 10); });
  }
}
/** Takes 1 MiB of the stream, says so in a file, and then no more until it is ended. */
const stuck = (): Command => ({
  title: 'take a stream slowly', changes: true,
  script: `head -c 1048576 >'${home}/begun'; echo $$ >'${home}/pid'; sleep 600`,
});

test('a large tree arrives whole through a process of its own, and one connection more', async () => {
  const before = server.connections();
  const base = join(home, 'host', 'data');
  const entries = [large('bin/kubelet'), { path: 'etc/small', kind: 'file', mode: 0o600, size: 5, bytes: Buffer.from('small'), sha256: createHash('sha256').update('small').digest('hex') } satisfies TreeEntry];
  const told: string[] = [];
  await syncTree(await session(), { name: 'files', base, entries, scope: aScope({ beat: (detail) => { if (detail?.includes('MiB')) told.push(detail); } }) });
  expect(server.connections() - before).toBe(2);
  expect(statSync(join(base, 'bin', 'kubelet')).size).toBe(20 * 1024 * 1024);
  expect(readFileSync(join(base, 'etc', 'small'), 'utf8')).toBe('small');
  expect(told.at(-1)).toBe('files: 20 of 20 MiB');
  expect(readJournal('demo', 'init-1').map(({ title }) => title)).toContain('receive the files of files');
  expect(senders()).toEqual([]);
});

test('a small tree stays in this process', async () => {
  const bytes = Buffer.from('x');
  const base = join(home, 'host');
  await syncTree(await session(), { name: 'files', base, entries: [{ path: 'x', kind: 'file', mode: 0o644, size: 1, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }], scope: aScope() });
  expect(server.connections()).toBe(1);
});

test('the secrets of a login are neither in the arguments nor in the environment of the process', async () => {
  const abort = new AbortController();
  const sending = (await session(aScope({ signal: abort.signal }))).send(stuck(), [large('a')]);
  await until(() => existsSync(join(home, 'pid')));
  const [pid] = senders();
  const seen = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8')).join('');
  expect(seen).not.toContain('right-password');
  abort.abort();
  await expect(sending).rejects.toThrow(CancelledFailure);
});

test('a process that is killed is a lost link, and the next try sends only what is missing', async () => {
  const base = join(home, 'host', 'data');
  const entries = [large('first', 4), large('second', 16)];
  // The first file arrives whole, then the process dies.
  const slow = await session();
  const sending = slow.send({
    title: 'receive', changes: true,
    script: `mkdir -p '${base}/.staging/files/tree'; head -c ${4 * 1024 * 1024 + 1024} | tar xBmf - -p -C '${base}/.staging/files/tree'; touch '${home}/pid'; sleep 600`,
  }, entries);
  await until(() => existsSync(join(home, 'pid')));
  for (const pid of senders()) process.kill(pid, 'SIGKILL');
  await expect(sending).rejects.toMatchObject({ type: 'Disconnected', message: expect.stringContaining('SIGKILL') as string });
  const report = await syncTree(await session(aScope({ attempt: 2 })), { name: 'files', base, entries, scope: aScope({ attempt: 2 }) });
  expect(report).toMatchObject({ files: 1, sentBytes: 16 * 1024 * 1024, keptBytes: 4 * 1024 * 1024 });
  expect(readdirSync(base).sort()).toEqual(['.keelson', 'first', 'second']);
});

test('a cancel ends the process and what runs on the host', async () => {
  const abort = new AbortController();
  const sending = (await session(aScope({ signal: abort.signal }))).send(stuck(), [large('a')]);
  await until(() => existsSync(join(home, 'pid')) && readFileSync(join(home, 'pid'), 'utf8') !== '');
  const there = Number(readFileSync(join(home, 'pid'), 'utf8'));
  abort.abort();
  await expect(sending).rejects.toThrow(CancelledFailure);
  expect(senders()).toEqual([]);
  expect(existsSync(`/proc/${there}`)).toBe(false);
});

test('an error of the host keeps its type and its words', async () => {
  mkdirSync(join(home, 'host'));
  const failing = (await session()).send({ title: 'refuse', script: 'cat >/dev/null; echo no room >&2; exit 7', changes: true }, [large('a')]);
  await expect(failing).rejects.toMatchObject({ type: 'CommandFailed', message: expect.stringContaining('exit code 7: no room') as string, details: { exitCode: 7 } });
});

test('a stream that nobody waits for leaves the CPU to others', async () => {
  const abort = new AbortController();
  const one = await session(aScope({ signal: abort.signal }));
  const sending = [one.send(stuck(), [large('a')]), one.send(stuck(), [large('b')], { first: true })];
  await until(() => senders().length === 2);
  const own = getPriority();
  expect(senders().map((pid) => getPriority(pid) - own).sort((a, b) => a - b)).toEqual([0, 10]);
  abort.abort();
  for (const { status } of await Promise.allSettled(sending)) expect(status).toBe('rejected');
});
