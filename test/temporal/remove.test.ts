import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Activities } from '../../activities';
import { resetPart } from '../../client/commands/reset';
import { exitCodes } from '../../client/exit-codes';
import { readHosts } from '../../client/host-flags';
import type { KeelsonClient } from '../../client/keelson-client';
import { deleteSpec } from '../../client/scale-spec';
import type { ClusterSpec, Host, Policy } from '../../domain/cluster';
import type { ClusterRecord } from '../../domain/entity';
import { desiredQuery } from '../../workflows/messages';
import { aCluster, aHost } from '../fixtures';
import { type ClusterUnderTest, refusal } from './cluster-under-test';
import type { FakeHosts } from './fake-hosts';
import { type Tier, withClusters } from './tier';

const [cp, w1, w2, w3] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const policy = (more: Partial<Policy> = {}): Policy => ({ ...aCluster(1, 0).policy, parkRetry: { times: 0, firstMs: 100, factor: 1 }, ...more });
const spec = (more: Partial<ClusterSpec> = {}): ClusterSpec => aCluster(1, 2, { policy: policy(), ...more });
/** Without the second worker, and with these instead. */
const without = (...more: Host[]): ClusterSpec => spec({ hosts: [...aCluster(1, 1).hosts, ...more] });

jest.setTimeout(90_000);

let tier: Tier;
let hosts: FakeHosts;
let cluster: ClusterUnderTest;

withClusters('hosts that come and go', { given: (now) => { tier = now; ({ hosts, cluster } = now); } }, () => {
  const members = async () => Object.keys((await cluster.entity.query<ClusterRecord>('record')).members ?? {}).sort();
  /** What is changed by `work`, in the order of the beginnings. */
  const changesOf = async (work: () => Promise<unknown>): Promise<string[]> => {
    const before = hosts.changes().length;
    await work();
    return hosts.changes().slice(before);
  };

  test('one apply adds and removes: both happen, and nobody leaves before all who come have joined (peers.md #3)', async () => {
    await cluster.converge(aCluster(3, 1, { policy: policy() }));
    const from = hosts.journal().length;
    const swapped = aCluster(2, 0, { policy: policy() });
    const after = { ...swapped, hosts: [...swapped.hosts, aHost('10.0.0.5', 'master'), aHost('10.0.0.6')] };
    expect(await cluster.converge(after, { approved: true })).toMatchObject({ outcome: 'Success', message: '4 nodes Ready at v1.34.2' });
    const moves = hosts.journal().slice(from).filter(({ verb }) => verb.startsWith('join') || verb === 'removeHost').map(({ verb, on, at }) => `${verb} ${on} ${at}`);
    const at = (move: string): number => {
      expect(moves.filter((one) => one === move)).toHaveLength(1);
      return moves.indexOf(move);
    };
    for (const leaves of ['removeHost 10.0.0.3 begin', 'removeHost 10.0.0.4 begin']) {
      for (const joins of ['joinControlPlane 10.0.0.5 end', 'joinWorker 10.0.0.6 end']) expect(at(joins)).toBeLessThan(at(leaves));
    }
    expect((await cluster.view()).hosts.map(({ id }) => id)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.5', '10.0.0.6']);
    expect(['10.0.0.3', '10.0.0.4'].map((host) => hosts.claimed(host))).toEqual([false, false]);
    expect(await changesOf(() => cluster.converge(after))).toEqual([]);
    expect(await members()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.5', '10.0.0.6']);
  });

  test('a removal that is declined while it waits for leave comes by no other command', async () => {
    const asking = policy({ approve: { removeControlPlane: true, upgrade: true, override: true } });
    const [three, two] = [aCluster(3, 0, { policy: asking }), aCluster(2, 0, { policy: asking })];
    await cluster.converge(three);
    const before = await cluster.view();
    const { operation } = await cluster.apply(two, { by: 'bo@desk' });
    await cluster.until(({ running }) => running?.waiting?.kind === 'approval');
    expect(await changesOf(() => cluster.cancel())).toEqual([]);
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    const after = await cluster.idle();
    const desired = await cluster.entity.query(desiredQuery);
    expect(desired?.hosts).toEqual(three.hosts);
    expect(after).toMatchObject({ phase: 'ClusterSuccess', conditions: before.conditions, generation: before.generation, appliedBy: 'ana@laptop' });
    expect(after.leaving).toBeUndefined();
    expect(after.log.at(-1)).toMatchObject({ operation, outcome: 'Cancelled', message: expect.stringMatching(/^cancelled by .*; nothing was changed, and what was wanted before is wanted again$/) as string });
    expect((await cluster.preview(desired!)).jobs).toEqual([]);
  });

  test('a join that fails leaves the host to join, nobody leaves for it, and the next apply does only what is missing', async () => {
    await cluster.converge(spec());
    hosts.fail('joinWorker', w3, { message: 'kubeadm join exited 1' });
    const after = { ...without(aHost(w3)), policy: policy({ noWait: true }) };
    expect(await cluster.converge(after)).toMatchObject({ outcome: 'Failed', message: expect.stringContaining(`Join on ${w3}: kubeadm join exited 1`) as string });
    expect((await cluster.view()).phase).toBe('ClusterFailed');
    expect(hosts.changes()).not.toContain(`removeHost ${w2}`);
    hosts.mend('joinWorker', w3);
    expect(await changesOf(() => cluster.converge(after))).toEqual([`joinWorker ${w3}`, `removeHost ${w2}`]);
    expect((await cluster.view()).phase).toBe('ClusterSuccess');
  });

  test.each<[keyof Activities, string]>([
    ['mountRootfs', w1], ['mirrorRegistry', cp], ['bootstrapHost', w1], ['initControlPlane', cp], ['joinWorker', w1], ['runGuest', cp],
  ])('an install that fails at %s is recorded as failed, also by the same spec again, until it was mended (peers.md #1)', async (verb, on) => {
    const impatient = spec({ policy: policy({ noWait: true }) });
    hosts.fail(verb, on);
    for (const operation of ['init-1', 'init-2']) {
      expect(await cluster.converge(impatient)).toMatchObject({ operation, outcome: 'Failed', message: expect.stringContaining(`${verb} on ${on} exited 1`) as string });
      expect(await cluster.view()).toMatchObject({ phase: 'ClusterFailed', created: false });
    }
    hosts.mend(verb, on);
    expect(await cluster.converge(impatient)).toMatchObject({ operation: 'init-3', outcome: 'Success' });
  });

  describe('a removal that was cut off', () => {
    beforeEach(() => cluster.converge(spec()));

    test('by the end of the Temporal worker goes on', async () => {
      hosts.hold('removeHost', w2);
      const { operation } = await cluster.apply(without());
      await hosts.reached('removeHost', w2);
      await tier.stop();
      hosts.release('removeHost', w2);
      await tier.serve();
      expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success', message: '2 nodes Ready at v1.34.2' });
      const calls = (at: 'begin' | 'end') => hosts.calls(at).filter(({ verb }) => verb === 'removeHost').map(({ attempt }) => attempt);
      expect(calls('begin').length).toBeGreaterThan(1);
      expect(calls('end')).toHaveLength(1);
    });

    test('by a failure waits, keeps the host in mind, and a retry does only that (peers.md #15)', async () => {
      hosts.fail('removeHost', w2, { message: 'a budget allows no eviction', type: 'DrainBlocked' });
      const { operation } = await cluster.apply(without());
      expect((await cluster.parked()).running?.waiting).toMatchObject({ reason: 'DrainBlocked', message: `Remove on ${w2}: a budget allows no eviction` });
      hosts.mend('removeHost', w2);
      expect(await changesOf(async () => {
        await cluster.retry();
        await cluster.end(operation);
      })).toEqual([`removeHost ${w2}`]);
    });

    test('by a cancel is told, and the next apply goes on with it', async () => {
      hosts.hold('removeHost', w2);
      await cluster.apply(without());
      await hosts.reached('removeHost', w2);
      await cluster.cancel();
      const { log } = await cluster.until(({ running }) => running === undefined);
      expect(log.at(-1)).toMatchObject({
        outcome: 'Cancelled', message: `cancelled by bo@desk: second thoughts; still to be removed, which the next apply goes on with: ${w2}`,
      });
      await cluster.idle();
      expect(await members()).toEqual([cp, w1, w2]);
      expect((await cluster.view()).leaving?.map(({ id }) => id)).toEqual([w2]);
      hosts.release('removeHost', w2);
      expect(await changesOf(() => cluster.converge(without()))).toEqual([`removeHost ${w2}`]);
      expect((await cluster.view()).leaving).toBeUndefined();
    });

    test('by the death of its host is cancelled, and then the same removal forgets the host', async () => {
      hosts.fail('removeHost', w2, { type: 'HostUnreachable', message: 'no route to host' });
      const { operation } = await cluster.apply(without());
      await cluster.parked();
      hosts.kill(w2);
      await cluster.cancel();
      expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
      const { log, leaving } = await cluster.idle();
      expect(log.at(-1)?.message).toContain(`which the next apply goes on with: ${w2}; could not be looked at: ${w2}`);
      const desired = await cluster.entity.query<ClusterSpec>('desired');
      const again = deleteSpec(cluster.name, readHosts({ nodes: w2 }).hosts, desired, leaving);
      expect(await changesOf(async () => {
        expect(await cluster.converge(again, { forget: [w2] })).toMatchObject({ outcome: 'Success', message: '2 nodes Ready at v1.34.2' });
      })).toEqual([`forgetHost ${w2}`]);
    });

    test('by a cancel after it was done is told as done', async () => {
      hosts.hold('removeHost', w2);
      await cluster.apply(spec({ hosts: aCluster(1, 0).hosts }));
      await hosts.reached('removeHost', w2);
      await cluster.until(() => !hosts.claimed(w1));
      await cluster.cancel();
      const { log } = await cluster.until(({ running }) => running === undefined);
      expect(log.at(-1)?.message).toContain(`removed: ${w1}; still to be removed, which the next apply goes on with: ${w2}`);
    });
  });

  test('a host that cannot be reached is given up only by a word for it, and then forgotten, which is told', async () => {
    await cluster.converge(spec());
    hosts.kill(w2);
    for (const forget of [undefined, [w1]]) {
      expect(await changesOf(async () => {
        expect(await cluster.converge(without(), forget ? { forget } : {})).toMatchObject({ outcome: 'Failed', type: 'UnsafePlan', message: expect.stringContaining(`--nodes ${w2} --force`) as string });
      })).toEqual([]);
    }
    expect(await changesOf(async () => {
      const { operation, ...ended } = await cluster.converge(without(), { forget: [w2] });
      expect(ended).toEqual({ outcome: 'Success', message: '2 nodes Ready at v1.34.2' });
      expect((await cluster.status(operation)).notes).toEqual(expect.arrayContaining([expect.stringContaining(`${w2} was forgotten: all that the cluster has put there is still on it`)]));
    })).toEqual([`forgetHost ${w2}`]);
    expect(await changesOf(() => cluster.converge(without()))).toEqual([]);
    expect(await members()).toEqual([cp, w1]);
  });

  describe('a plan that is asked for by its hash', () => {
    test('runs when it is still that one, and is refused as stale when it is not: nothing runs', async () => {
      await cluster.converge(spec());
      const { hash } = await cluster.preview(without());
      hosts.unmark(w1, ...hosts.done(w1).filter((mark) => mark.startsWith('mount:')));
      const marks = hosts.done(w1);
      expect(await changesOf(async () => {
        expect(await cluster.converge(without(), { planHash: hash })).toMatchObject({ outcome: 'Failed', type: 'StalePlan', message: expect.stringContaining(hash.slice(0, 12)) as string });
      })).toEqual([]);
      expect(hosts.done(w1)).toEqual(marks);
      const now = await cluster.preview(without());
      expect(now.hash).not.toBe(hash);
      expect(await changesOf(async () => {
        expect(await cluster.converge(without(), { planHash: now.hash.slice(0, 12) })).toMatchObject({ outcome: 'Success' });
      })).toEqual([`mountRootfs ${w1}`, `removeHost ${w2}`]);
    });

    test('is another one when a document says something else: what was read is what runs, and the next plan names what has changed', async () => {
      await cluster.converge(spec());
      const wanted = (data: string): ClusterSpec => spec({ configs: [{ name: 'motd', path: 'etc/motd', strategy: 'override', data }] });
      const reasons = async (data: string) => (await cluster.preview(wanted(data))).jobs.filter(({ stage }) => stage === 'MountRootfs').map(({ reason }) => reason);
      const { hash } = await cluster.preview(wanted('a'));
      expect(await reasons('a')).toEqual(Array(3).fill('Config motd is new'));
      expect(await changesOf(async () => {
        expect(await cluster.converge(wanted('b'), { planHash: hash })).toMatchObject({ outcome: 'Failed', type: 'StalePlan' });
      })).toEqual([]);
      expect(await cluster.converge(wanted('a'), { planHash: hash })).toMatchObject({ outcome: 'Success' });
      expect(await reasons('b')).toEqual(Array(3).fill('Config motd changed'));
    });

    test('with an empty hash is refused before an operation begins', async () => {
      await cluster.converge(spec());
      expect(await refusal(cluster.apply(without(), { planHash: '' }))).toEqual({ type: 'InvalidSpec', message: 'only one plan is to run, and its hash is empty' });
      expect((await cluster.view()).log.map(({ operation }) => operation)).toEqual(['init-1']);
    });
  });
});

withClusters('a reset of some hosts', { given: (now) => { ({ hosts, cluster } = now); } }, () => {
  const [, cp2, cp3] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
  const before = process.env;
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keelson-'));
    // A server that is named is no embedded one, which would have to be kept alive.
    process.env = { ...before, KEELSON_HOME: home, TEMPORAL_ADDRESS: 'named' };
    for (const stream of ['log', 'error'] as const) jest.spyOn(console, stream).mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.env = before;
    rmSync(home, { recursive: true, force: true });
  });
  /** The command, as a person types it without a terminal; gives its exit code. */
  const reset = (named: { masters?: string; nodes?: string }, flags: { force?: boolean; yes?: boolean }): Promise<number> =>
    resetPart(clientOf(cluster), cluster.name, readHosts(named).hosts, { ...flags, by: 'bo@desk' });

  test('with --force forgets a dead worker and a dead control plane, and nobody is asked', async () => {
    await cluster.converge(aCluster(3, 1, { policy: policy() }));
    hosts.kill(cp3);
    hosts.kill('10.0.0.4');
    expect(await reset({ masters: cp3, nodes: '10.0.0.4' }, { force: true })).toBe(exitCodes.done);
    expect(hosts.changes().filter((one) => one.startsWith('forgetHost')).sort()).toEqual([`forgetHost ${cp3}`, 'forgetHost 10.0.0.4']);
    expect((await cluster.idle()).hosts.map(({ id }) => id)).toEqual([cp, cp2]);
  });

  test('with --yes gives up nobody who cannot be reached', async () => {
    await cluster.converge(spec());
    hosts.kill(w2);
    await expect(reset({ nodes: w2 }, { yes: true })).rejects.toMatchObject({ type: 'UnsafePlan' });
    expect((await cluster.view()).log).toHaveLength(1);
  });

  test('that was cut off goes on when it is asked for again', async () => {
    await cluster.converge(spec());
    hosts.hold('removeHost', w2);
    const first = reset({ nodes: w2 }, { yes: true });
    await hosts.reached('removeHost', w2);
    await cluster.cancel();
    expect(await first).toBe(exitCodes.failed);
    expect((await cluster.idle()).leaving?.map(({ id }) => id)).toEqual([w2]);
    hosts.release('removeHost', w2);
    expect(await reset({ nodes: w2 }, { yes: true })).toBe(exitCodes.done);
    expect([hosts.claimed(w2), (await cluster.idle()).leaving]).toEqual([false, undefined]);
  });
});

/** What the command asks of a client, on the cluster under test. */
const clientOf = (of: ClusterUnderTest): KeelsonClient => ({
  desired: () => of.entity.query(desiredQuery),
  status: async () => ({ name: of.name, running: [], view: await of.view() }),
  plan: (wanted: ClusterSpec, options: { forget?: readonly string[] }) => of.preview(wanted, options),
  apply: (wanted: ClusterSpec, options: object) => of.apply(wanted, options),
  file: () => Promise.resolve(undefined),
  operation: ({ operation }: { operation: string }) => ({ workflowId: '', follow: () => of.end(operation), status: () => of.status(operation) }),
} as unknown as KeelsonClient);
