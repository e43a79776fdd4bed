import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemote } from '../../activities/adapters/remote';
import type { Remote, Session } from '../../activities/ports';
import { lookAtSnapshot } from '../../domain/commands/etcd-snapshots';
import { stateDir } from '../../domain/host-paths';
import { snapshotsDir } from '../../home/paths';
import { type Announced, keepSnapshot, snapshotFile } from '../../home/snapshots';
import { aScope, aTarget, openSecrets, startServer, type TestServer } from './ssh-server';

let home: string;
let server: TestServer;
let remote: Remote;
let session: Session;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env.KEELSON_HOME = home;
  server = await startServer({ password: 'right-password' });
  remote = createRemote({ secrets: openSecrets });
  session = await remote.to(aTarget(server.port), aScope());
});
afterAll(async () => {
  await remote.close();
  await server.close();
  delete process.env.KEELSON_HOME;
  rmSync(home, { recursive: true, force: true });
});

const content = Buffer.alloc(1_000_000, 7);
const announced: Announced = { name: 'a.db', sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
const fetched = (snapshot: Announced, script: string): Promise<boolean> =>
  keepSnapshot('demo', snapshot, (write) => session.fetch({ title: 'send the snapshot', script }, write));

test('a snapshot that comes as it was announced is kept, another one is not', async () => {
  expect(await fetched(announced, "head -c 1000000 /dev/zero | tr '\\0' '\\7'")).toBe(true);
  expect(existsSync(snapshotFile('demo', 'a.db'))).toBe(true);
  expect(await fetched({ ...announced, name: 'b.db' }, 'head -c 1000000 /dev/zero')).toBe(false);
  expect(readdirSync(snapshotsDir('demo'))).toEqual(['a.db']);
});

test('a host that sends more than it had said is cut off, what it ran is ended, and nothing is kept', async () => {
  const pid = join(home, 'pid');
  await expect(fetched({ ...announced, name: 'c.db' }, `echo $$ >'${pid}'; exec cat /dev/zero`)).rejects.toMatchObject({ type: 'CommandFailed', message: expect.stringContaining('larger than the 1000000 bytes') as string });
  expect(await session.run({ title: 'look', script: `kill -0 "$(cat '${pid}')" 2>/dev/null && echo lives || echo gone` })).toBe('gone\n');
  expect(readdirSync(snapshotsDir('demo'))).toEqual(['a.db']);
});

test('one that does not fit on the disk is not even begun', async () => {
  await expect(keepSnapshot('demo', { ...announced, bytes: Number.MAX_SAFE_INTEGER }, () => Promise.reject(new Error('it was begun')))).rejects.toMatchObject({ type: 'CommandFailed', message: expect.stringContaining('have to stay free') as string, details: { todo: expect.stringContaining('logs and journals of operations that have ended may be removed') as string } });
});

describe('what a save that was killed has left, with all secrets of the cluster, is gone with the next one', () => {
  const long = new Date(Date.now() - 3 * 3_600_000);

  test('on this machine: parts of processes that are dead, and of an earlier one that had our pid; no part that is being written', async () => {
    const dead = spawnSync('true').pid;
    const parts = { ended: `.x.db.${dead}.part`, earlier: `.x.db.${process.pid}.part`, other: `.x.db.${process.ppid}.part` };
    for (const name of Object.values(parts)) writeFileSync(snapshotFile('demo', name), 'secret');
    utimesSync(snapshotFile('demo', parts.earlier), long, long);
    expect(await fetched({ ...announced, name: 'd.db' }, "head -c 1000000 /dev/zero | tr '\\0' '\\7'")).toBe(true);
    expect(readdirSync(snapshotsDir('demo')).sort()).toEqual([parts.other, 'a.db', 'd.db'].sort());
  });

  test('on a host: work folders and parts that nobody works in any more', () => {
    const state = join(home, 'host');
    for (const folder of ['etcd.aaaaaa', 'etcd.bbbbbb', 'snapshots']) mkdirSync(join(state, folder), { recursive: true });
    for (const file of ['etcd.aaaaaa/new.db', 'etcd.bbbbbb/new.db', 'snapshots/.old.db.part', 'snapshots/.new.db.part', 'snapshots/kept.db']) writeFileSync(join(state, file), 'secret');
    for (const old of ['etcd.aaaaaa', 'snapshots/.old.db.part', 'snapshots/kept.db']) utimesSync(join(state, old), long, long);
    const { status, stderr } = spawnSync('bash', ['-c', lookAtSnapshot('none.db').script.replaceAll(stateDir, state)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(state).sort()).toEqual(['etcd.bbbbbb', 'snapshots']);
    expect(readdirSync(join(state, 'snapshots')).sort()).toEqual(['.new.db.part', 'kept.db']);
  });
});
