import { askYes } from '../../client/ask';
import type { KeelsonClient } from '../../client/keelson-client';
import { exitCodeOf } from '../../client/exit-codes';
import { lookFirst } from '../../client/look-first';
import { deleteSpec, addSpec } from '../../client/scale-spec';
import { readHosts } from '../../client/host-flags';
import type { SpecFlags } from '../../client/spec-flags';
import { submit } from '../../client/submit';
import type { ClusterSpec } from '../../domain/cluster';
import { type EntityView, newEntity, viewOf } from '../../domain/entity';
import type { Plan } from '../../domain/plan';
import { aCluster } from '../fixtures';

jest.mock('../../client/ask');

const spec = aCluster(1, 2);
const noFlags: SpecFlags = { env: [], cmd: [], configFile: [], values: [], set: [] };
const entity = newEntity('default');
const created = viewOf({ ...entity, current: { ...entity.current, created: true } });
const aPlan = (more: Partial<Plan> = {}): Plan => ({
  cluster: 'default', version: 'v1.34.2', leader: '10.0.0.1', images: [], jobs: [], approvals: [], absent: [], problems: [], hash: 'abcdef0123456789', ...more,
});

/** A client that knows one cluster and plans as told, and notes what else is asked of it. */
function aClient(plan: Plan, { desired = spec, view = created }: { desired?: ClusterSpec | undefined; view?: EntityView | undefined } = {}) {
  const applied = jest.fn(() => Promise.resolve({ operation: 'reconcile-2', workflowId: 'cluster/default/reconcile-2', attached: false }));
  const planned = jest.fn(() => Promise.resolve(plan));
  const client = {
    plan: planned, apply: applied, desired: () => Promise.resolve(desired), status: () => Promise.resolve({ name: 'default', running: [], view }),
  } as unknown as KeelsonClient;
  return { client, applied, planned };
}

const caught = async (promise: Promise<unknown>): Promise<{ type: string; message: string; code: number }> => {
  const error = await promise.then(() => { throw new Error('it was not refused'); }, (one: unknown) => one);
  const { type, message } = error as { type: string; message: string };
  return { type, message, code: exitCodeOf(error) };
};

let terminal: boolean;
beforeEach(() => {
  terminal = process.stdin.isTTY;
  process.stdin.isTTY = false;
});
afterEach(() => { process.stdin.isTTY = terminal; });

describe('the look before a change', () => {
  const look = (client: KeelsonClient, flags: Partial<SpecFlags> = {}, { view }: { view: EntityView | undefined } = { view: created }) =>
    lookFirst(client, spec, { ...noFlags, ...flags }, { view, forget: [] });

  test('hands on the hash of the plan that was asked for, whole or its beginning', async () => {
    const { client } = aClient(aPlan());
    expect(await look(client, { planHash: 'abcdef' })).toEqual({ planHash: 'abcdef' });
    expect(await look(client, { planHash: 'abcdef0123456789', yes: true })).toEqual({ planHash: 'abcdef0123456789', approved: true });
  });

  test('a yes on a terminal is one to the plan that is shown, and a no ends it', async () => {
    process.stdin.isTTY = true;
    const lines = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { client } = aClient(aPlan({ approvals: [{ kind: 'upgrade', reason: 'v1.35.4' }] }));
    jest.mocked(askYes).mockResolvedValueOnce(true).mockResolvedValueOnce(false);
    expect([await look(client), await look(client)]).toEqual([{ agreed: true, planHash: 'abcdef0123456789' }, undefined]);
    lines.mockRestore();
  });

  test('refuses a stale hash, also for a cluster that is new', async () => {
    for (const view of [created, undefined]) {
      const { type, message, code } = await caught(look(aClient(aPlan()).client, { planHash: 'feed1234' }, { view }));
      expect([type, code]).toEqual(['StalePlan', 4]);
      expect(message).toContain('the plan is not the one that was asked for (feed1234)');
      expect(message).toContain('it would be abcdef012345 now');
    }
  });

  test('refuses a hash that is empty: any plan begins so', async () => {
    const { client, planned } = aClient(aPlan());
    expect(await caught(look(client, { planHash: '' }))).toEqual({ type: 'InvalidSpec', message: 'only one plan is to run, and its hash is empty', code: 2 });
    expect(planned).not.toHaveBeenCalled();
  });

  test('refuses an unsafe plan with its words, and hosts that are not fit as bad input', async () => {
    const unsafe = { severity: 'error', type: 'UnsafePlan', message: 'it is the last control plane', todo: 'keelson reset', host: '10.0.0.1' } as const;
    expect(await caught(look(aClient(aPlan({ problems: [unsafe] })).client))).toMatchObject({ type: 'UnsafePlan', code: 4, message: expect.stringContaining('it is the last control plane') });
    const unfit = { severity: 'error', type: 'HostUnreachable', message: 'no route to host', todo: '', host: '10.0.0.2' } as const;
    expect(await caught(look(aClient(aPlan({ problems: [unsafe, unfit] })).client))).toMatchObject({ type: 'PreflightFailed', code: 2, message: expect.stringContaining('no route to host') });
  });

  test('is taken as well where a first install was cancelled: hosts that had joined are there to lose', async () => {
    const line = { operation: 'init-1', by: 'ana', startedAt: '', endedAt: '', outcome: 'Cancelled', message: 'cancelled by ana' } as const;
    const { client, planned } = aClient(aPlan({ problems: [{ severity: 'error', type: 'UnsafePlan', message: 'no' }] }));
    expect(await caught(look(client, {}, { view: { ...created, created: false, hosts: [{ id: '10.0.0.1', roles: ['master'] }], log: [line] } }))).toMatchObject({ type: 'UnsafePlan' });
    expect(planned).toHaveBeenCalled();
  });

  test('of a cluster that is lost: refused, and --force hands on that it is made anew', async () => {
    const lost = { severity: 'error', type: 'ClusterLost', message: 'nothing of it is there', todo: '--force' } as const;
    const unfit = { severity: 'error', type: 'PreflightFailed', message: 'port 6443 is taken', host: '10.0.0.1' } as const;
    expect(await caught(look(aClient(aPlan({ problems: [lost, unfit] })).client))).toMatchObject({ type: 'ClusterLost', code: 4 });
    for (const [yes, anew] of [[false, 'sameKeys'], [true, 'anyKeys']] as const) {
      const { client, planned } = aClient(aPlan({ anew: true }));
      expect(await look(client, { force: true, yes })).toEqual({ ...(yes ? { approved: true } : {}), anew });
      expect(planned).toHaveBeenCalledWith(spec, { forget: [], anew });
    }
    // A cluster that is there is not begun anew, whatever the flag.
    expect(await look(aClient(aPlan()).client, { force: true })).toEqual({});
  });

  test('is left out where nothing can be lost: a new cluster, one that was reset, and one that is busy, which has its own answer', async () => {
    const running = { ...created, running: { kind: 'reconcile', operation: 'reconcile-2', digest: '', by: 'ana', at: '' } } as const;
    const line = { operation: 'reset-2', by: 'ana', startedAt: '', endedAt: '', outcome: 'Success', message: '' } as const;
    const gone: EntityView = { ...created, created: false, phase: 'Absent', hosts: [], log: [line] };
    for (const view of [undefined, running, gone]) {
      const { client, planned } = aClient(aPlan());
      expect(await look(client, { yes: true }, { view })).toEqual({ approved: true });
      expect(planned).not.toHaveBeenCalled();
    }
  });
});

describe('what is refused starts no operation', () => {
  const quiet = { settings: () => ({}), knownKeys: () => [], own: [] };
  const hosts = (nodes: string, masters = '') => readHosts({ nodes, masters }).hosts;
  const add = (nodes: string, saved: ClusterSpec | undefined) => addSpec({ cluster: 'default', hosts: hosts(nodes), flags: noFlags, login: {} }, quiet, saved);

  test.each<[string, (saved: ClusterSpec | undefined) => ClusterSpec, Partial<SpecFlags>, string, number]>([
    ['adding a joined host', (saved) => add('10.0.0.2', saved), {}, 'is part of cluster default already', 2],
    ['deleting a stranger', (saved) => deleteSpec('default', hosts('10.0.0.9'), saved), {}, 'is no part of cluster default', 2],
    ['deleting the last control plane', (saved) => deleteSpec('default', hosts('', '10.0.0.1'), saved), {}, 'no control plane would be left', 4],
    ['deleting with a stale plan', (saved) => deleteSpec('default', hosts('10.0.0.2'), saved), { planHash: 'feed' }, 'not the one that was asked for', 4],
    ['adding with a stale plan', (saved) => add('10.0.0.7', saved), { planHash: 'feed', yes: true }, 'not the one that was asked for', 4],
  ])('%s', async (_what, make, flags, words, code) => {
    const { client, applied } = aClient(aPlan());
    expect(await caught(submit(client, 'default', { ...noFlags, ...flags }, ({ spec: saved }) => make(saved)))).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(applied).not.toHaveBeenCalled();
  });

  test('an unknown cluster', async () => {
    const applied = jest.fn();
    const client = { apply: applied, plan: jest.fn(), desired: () => Promise.resolve(undefined), status: () => Promise.resolve(undefined) } as unknown as KeelsonClient;
    for (const make of [(saved: ClusterSpec | undefined) => add('10.0.0.7', saved), (saved: ClusterSpec | undefined) => deleteSpec('default', hosts('10.0.0.2'), saved)]) {
      expect(await caught(submit(client, 'default', noFlags, ({ spec: saved }) => make(saved)))).toEqual({ type: 'InvalidSpec', message: 'there is no cluster default', code: 2 });
    }
    expect(applied).not.toHaveBeenCalled();
  });
});
