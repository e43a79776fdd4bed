import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowNotFoundError } from '@temporalio/client';
import { mustBeKnown } from '../../client/commands/watch';
import { followHosts } from '../../client/follow-hosts';
import type { HostsRun } from '../../client/hosts-run';
import type { KeelsonClient } from '../../client/keelson-client';
import { appendLog } from '../../home/logs';

const before = process.env;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-follow-'));
  process.env = { ...before, KEELSON_HOME: home };
});
afterEach(() => {
  process.env = before;
  rmSync(home, { recursive: true, force: true });
  jest.restoreAllMocks();
});

test('a command that prints nothing says so by saying nothing; only of a Temporal worker elsewhere people hear where its words lie', async () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const run = { cluster: 'prod', operation: 'exec-1', result: () => Promise.resolve([{ host: 'a', code: 3 }, { host: 'b', code: 4 }]) } as unknown as HostsRun;
  const follow = async (embedded: boolean): Promise<string> => {
    said.mockClear();
    expect(await followHosts(run, { json: false, embedded })).toBe(1);
    return said.mock.calls.map(([text]) => String(text)).join('');
  };
  expect(await follow(true)).toBe('a: exit code 3\nb: exit code 4\n');
  expect(await follow(false)).toContain('keelson logs prod --operation exec-1');
});

test('an operation that nobody knows is refused at once; a Temporal worker that is silent is waited for', async () => {
  const client = (error: Error) => ({ operation: () => ({ status: () => Promise.reject(error) }) }) as unknown as KeelsonClient;
  await expect(mustBeKnown(client(new WorkflowNotFoundError('', 'x', undefined)), 'prod', 'nope')).rejects.toMatchObject({ type: 'InvalidSpec', message: 'cluster prod has no operation nope' });
  await mustBeKnown(client(new Error('silence')), 'prod', 'init-1');
});

test('what a command prints in a hundred thousand lines is one JSON object, within seconds', async () => {
  const place = { cluster: 'prod', operation: 'exec-1', stage: 'Exec', host: 'a', attempt: 1 };
  appendLog(place, Array.from({ length: 100_000 }, (_, n) => `line ${n}`));
  const said = jest.spyOn(console, 'log').mockReturnValue();
  const run = { cluster: 'prod', operation: 'exec-1', result: () => Promise.resolve([{ host: 'a', code: 0 }]) } as unknown as HostsRun;
  const began = process.cpuUsage();
  expect(await followHosts(run, { json: true, embedded: true })).toBe(0);
  expect(process.cpuUsage(began).user / 1e6).toBeLessThan(10);
  const [{ lines }] = JSON.parse(String(said.mock.calls[0]?.[0])) as [{ lines: string[] }];
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([100_000, 'line 0', 'line 99999']);
}, 300_000);
