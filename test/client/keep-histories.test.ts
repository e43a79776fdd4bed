import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepHistories } from '../../client/keep-histories';
import { KeelsonClient } from '../../client/keelson-client';
import { withCluster } from '../../client/session';
import { keptHistories, readHistory } from '../../home/history';
import { databaseFile, historyFile } from '../../home/paths';
import { writeWhole } from '../../home/whole-file';

jest.mock('../../client/keep-alive', () => ({ keepLocalAlive: () => () => undefined }));

const before = process.env;
let home: string;
let fetched: string[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-'));
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, TEMPORAL_CONFIG_FILE: _file, ...rest } = before;
  process.env = { ...rest, KEELSON_HOME: home };
  fetched = [];
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

const endedAt = new Date(Date.now() - 60_000).toISOString();
const log = ['init-1', 'adopt', 'reconcile-2', 'reset-3'].map((operation) => ({ operation, by: 'ana', startedAt: endedAt, endedAt, outcome: 'Success' as const, message: '' }));
const client = {
  operation: (id: string) => ({
    history: () => {
      fetched.push(id);
      return id.endsWith('reset-3') ? Promise.reject(new Error('the server has it no more')) : Promise.resolve({ id });
    },
  }),
  status: () => Promise.resolve({ name: 'demo', running: [], view: { log } }),
  close: () => Promise.resolve(),
} as unknown as KeelsonClient;

test('histories that nobody has kept are kept once, and one that the server has no more hinders nothing', async () => {
  await keepHistories(client, 'demo', log);
  expect(keptHistories('demo')).toEqual(['init-1', 'reconcile-2']);
  expect(readHistory('demo', 'reconcile-2')).toEqual({ id: 'cluster/demo/reconcile-2' });
  fetched = [];
  await keepHistories(client, 'demo', log);
  expect(fetched).toEqual(['cluster/demo/reset-3']);
});

test('what an earlier cluster of that name has left does not stand for the operation of this one', async () => {
  writeWhole(historyFile('demo', 'init-1'), '{}');
  utimesSync(historyFile('demo', 'init-1'), 1, 1);
  await keepHistories(client, 'demo', log);
  expect(readHistory('demo', 'init-1')).toEqual({ id: 'cluster/demo/init-1' });
});

test('whatever is asked of a cluster, what ended unwatched before is kept; of a server of one\'s own it is not', async () => {
  writeWhole(databaseFile(), '');
  jest.spyOn(KeelsonClient, 'connect').mockResolvedValue(client);
  expect(await withCluster('demo', { profile: 'team' }, () => Promise.resolve(7))).toBe(7);
  expect(keptHistories('demo')).toEqual([]);
  expect(await withCluster('demo', {}, () => Promise.resolve(8))).toBe(8);
  expect(keptHistories('demo')).toEqual(['init-1', 'reconcile-2']);
});
