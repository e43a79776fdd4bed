import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restore, save } from '../../client/commands/etcd';
import type { KeelsonClient } from '../../client/keelson-client';
import * as session from '../../client/session';
import { snapshotFile } from '../../home/snapshots';
import { writeWhole } from '../../home/whole-file';

jest.mock('../../client/session', () => ({ ...jest.requireActual<typeof session>('../../client/session'), withCluster: jest.fn() }));
jest.mock('../../client/watch', () => ({ watching: () => ({}), watchOperation: () => Promise.resolve(0) }));

const before = process.env;
let home: string;
let asked: { kind: string; snapshot: string }[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env = { ...before, KEELSON_HOME: join(home, 'home') };
  asked = [];
  const client = {
    status: () => Promise.resolve({ name: 'prod', running: [] }),
    task: (_cluster: string, task: { kind: string; snapshot: string }) => {
      asked.push(task);
      if (task.kind === 'etcd-save') writeWhole(snapshotFile('prod', task.snapshot), 'all of etcd');
      return Promise.resolve({});
    },
  } as unknown as KeelsonClient;
  jest.mocked(session.withCluster).mockImplementation((_cluster, _flags, work) => work(client));
  jest.spyOn(console, 'log').mockReturnValue();
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

test('a snapshot that is saved into a file is there for this user alone', async () => {
  expect(await save('prod', { output: join(home, 'out.db') })).toBe(0);
  expect([readFileSync(join(home, 'out.db'), 'utf8'), statSync(join(home, 'out.db')).mode & 0o777]).toEqual(['all of etcd', 0o600]);
  expect(readdirSync(home).sort()).toEqual(['home', 'out.db']);
});

test('a place that does not take the file is an error in words, which says that the snapshot was taken', async () => {
  await expect(save('prod', { output: '/proc/keelson-snapshot.db' })).rejects.toMatchObject({
    type: 'CommandFailed', message: expect.stringContaining('could not be copied to /proc/keelson-snapshot.db') as string, details: { todo: expect.stringContaining('is kept') as string },
  });
  expect(asked).toHaveLength(1);
});

test('a file that cannot be brought in for a restore is an error in words, and nothing is begun', async () => {
  writeFileSync(join(home, 'mine.db'), 'all of etcd');
  writeFileSync(join(home, 'home'), 'in the way');
  await expect(restore([join(home, 'mine.db')], { cluster: 'prod', yes: true })).rejects.toMatchObject({ type: 'CommandFailed', message: expect.stringContaining('mine.db could not be copied') as string });
  rmSync(join(home, 'home'));
  expect(asked).toEqual([]);
  expect(await restore([join(home, 'mine.db')], { cluster: 'prod', yes: true })).toBe(0);
  expect(readFileSync(snapshotFile('prod', 'mine.db'), 'utf8')).toBe('all of etcd');
});

test('a file that everybody may read is brought in for this user alone', async () => {
  writeFileSync(join(home, 'mine.db'), 'all of etcd', { mode: 0o644 });
  expect(await restore([join(home, 'mine.db')], { cluster: 'prod', yes: true })).toBe(0);
  expect(statSync(snapshotFile('prod', 'mine.db')).mode & 0o777).toBe(0o600);
});
