import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHosts } from '../../client/host-flags';
import { exitCodeOf } from '../../client/exit-codes';
import type { KeelsonClient } from '../../client/keelson-client';
import { resetPart } from '../../client/commands/reset';
import type { ClusterSpec } from '../../domain/cluster';
import { type EntityView, newEntity, viewOf } from '../../domain/entity';
import type { Plan } from '../../domain/plan';
import { aCluster } from '../fixtures';

const spec = aCluster(3, 2);
const entity = newEntity('default');
const created = viewOf({ ...entity, current: { ...entity.current, created: true } });
const removal = { id: 'Remove/10.0.0.3', stage: 'Remove', host: '10.0.0.3', reason: 'it leaves', removes: true, approval: 'removeControlPlane' } as const;
const plan: Plan = { cluster: 'default', version: 'v1', leader: '10.0.0.1', images: [], jobs: [removal], approvals: [{ kind: 'removeControlPlane', reason: '' }], absent: [], problems: [], hash: 'abc' };

/** A client of one cluster that notes what is asked of it; whatever is followed has ended well. */
function aClient(view: EntityView, desired: ClusterSpec = spec) {
  const applied = jest.fn((_spec: ClusterSpec, _more: object) => Promise.resolve({ operation: 'reconcile-2', workflowId: 'cluster/default/reconcile-2', attached: false }));
  const planned = jest.fn((_spec: ClusterSpec, _more: object) => Promise.resolve(plan));
  const client = {
    plan: planned, apply: applied, desired: () => Promise.resolve(desired), status: () => Promise.resolve({ name: 'default', running: [], view }), file: () => Promise.resolve(undefined),
    operation: () => ({ workflowId: 'x', follow: () => Promise.resolve({ outcome: 'Success', message: '' }), status: () => Promise.reject(new Error('gone')) }),
  } as unknown as KeelsonClient;
  return { client, applied, planned };
}

const before = process.env;
let terminal: boolean;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env = { ...before, KEELSON_HOME: home };
  terminal = process.stdin.isTTY;
  process.stdin.isTTY = false;
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  process.env = before;
  rmSync(home, { recursive: true, force: true });
  process.stdin.isTTY = terminal;
  jest.restoreAllMocks();
});

test('with --force asks nobody, and forgets the named hosts where they cannot be reached', async () => {
  const { client, applied, planned } = aClient(created);
  await resetPart(client, 'default', readHosts({ masters: '10.0.0.3', nodes: '10.0.0.5' }).hosts, { force: true });
  const [asked, more] = applied.mock.calls[0]!;
  expect(asked.hosts.map(({ id }) => id)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.4']);
  expect(more).toMatchObject({ approved: true, forget: ['10.0.0.3', '10.0.0.5'] });
  expect(planned).toHaveBeenCalledWith(asked, { forget: ['10.0.0.3', '10.0.0.5'] });
});

test('with --yes asks nobody, and forgets nobody', async () => {
  const { client, applied } = aClient(created);
  await resetPart(client, 'default', readHosts({ nodes: '10.0.0.5' }).hosts, { yes: true });
  expect(applied.mock.calls[0]?.[1]).toMatchObject({ approved: true });
  expect(applied.mock.calls[0]?.[1]).not.toHaveProperty('forget');
});

test('goes on where it was cut off: a host that is on its way out may be named again', async () => {
  const [, , , , leaver] = spec.hosts;
  const without = { ...spec, hosts: spec.hosts.filter(({ id }) => id !== leaver?.id) };
  const { client, applied } = aClient({ ...created, leaving: [leaver!] }, without);
  await resetPart(client, 'default', readHosts({ nodes: '10.0.0.5' }).hosts, { force: true });
  expect(applied).toHaveBeenCalledWith(without, expect.objectContaining({ forget: ['10.0.0.5'] }));
});

test.each([
  ['a stranger', { nodes: '10.0.0.9' }, { yes: true }, 2],
  ['a control plane as a worker', { nodes: '10.0.0.1' }, { yes: true }, 2],
  ['nobody', { nodes: '' }, { yes: true }, 2],
  ['all control planes', { masters: '10.0.0.1-10.0.0.3' }, { yes: true }, 4],
  ['a host, without a terminal and without a word', { nodes: '10.0.0.5' }, {}, 2],
])('of %s is refused, and nothing is begun', async (_what, named, flags, code) => {
  const { client, applied } = aClient(created);
  const error: unknown = await Promise.resolve().then(() => resetPart(client, 'default', readHosts(named).hosts, flags)).catch((one: unknown) => one);
  expect(exitCodeOf(error)).toBe(code);
  expect(applied).not.toHaveBeenCalled();
});
