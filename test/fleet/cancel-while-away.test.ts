import { type FleetHost, notBare, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { until } from './until';
import { at, expectUpgraded, former, formerCluster, nodeOf, notes, runs, upgradesOf } from './upgrading';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

withTemporal('a cancel while a host makes way, or is away', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  /** The node is cordoned, and its pods take their time. */
  const drains = ({ host }: FleetHost) => stand.holds(({ name, args }) => name === 'kubectl drain' && args[0] === host.name, 'after');
  /** Cancels and waits for the end; what is held ends by the cancel itself. */
  const cancelled = async ({ cluster }: Made, operation: string): Promise<void> => {
    await cluster.cancel();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    stand.fleet.plans.splice(0);
    await cluster.idle();
  };
  /** Cancels, and lets go of what is held when the work on the host has heard of it: that must go on to its end. */
  const cancelledThen = async ({ cluster }: Made, operation: string, release: () => void): Promise<void> => {
    await cluster.cancel();
    await cluster.hearsCancel(operation);
    release();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    await cluster.idle();
  };

  test('a drain before an upgrade: the host is as it was and in service, and the next apply upgrades all', async () => {
    const one = await formerCluster(stand, 1, 2);
    const leader = one.controlPlanes[0]!;
    const before = runs(leader);
    const drain = drains(leader);
    const { operation } = await one.cluster.apply(at(one.spec, version));
    await drain.reached;
    await until('the cordon', 60_000, () => nodeOf(leader).unschedulable);
    await cancelled(one, operation);
    expect(nodeOf(leader)).toMatchObject({ version: former, unschedulable: false });
    expect(runs(leader)).toEqual(before);
    expect(one.hosts.flatMap(notes)).toEqual([]);
    expect(one.hosts.flatMap((host) => upgradesOf(stand, host))).toEqual([]);
    expect(one.hosts.flatMap(({ host }) => host.busyWith())).toEqual([]);
    expect(await one.cluster.converge(at(one.spec, version))).toMatchObject({ outcome: 'Success' });
    expectUpgraded(one);
  });

  test.each([['kubeadm', 0, 'job: kubeadm upgrade'], ['the kubelet of a worker', 1, 'job: upgrade the kubelet']] as const)('an upgrade of %s that runs ends well: that host is new and in service, the next ones are untouched', async (_what, which, job) => {
    const one = await formerCluster(stand, 1, 2);
    const busy = one.hosts[which]!;
    const others = one.hosts.slice(which + 1);
    const before = others.map(runs);
    const upgrade = stand.holds(({ host, name }) => host === busy.host.address && name === job);
    const { operation } = await one.cluster.apply(at(one.spec, version));
    await upgrade.reached;
    await cancelledThen(one, operation, upgrade.release);
    expect(nodeOf(busy)).toMatchObject({ version, unschedulable: false });
    expect(others.map(nodeOf)).toEqual(others.map(() => expect.objectContaining({ version: former, unschedulable: false }) as object));
    expect(others.map(runs)).toEqual(before);
    expect(one.hosts.flatMap(notes)).toEqual([]);
    expect(await one.cluster.converge(at(one.spec, version))).toMatchObject({ outcome: 'Success' });
    expectUpgraded(one);
    expect(upgradesOf(stand, busy)).toHaveLength(which === 0 ? 2 : 1);
  });

  test('a drain before a removal: the host stays a member in service; one that is being reset leaves, and is bare', async () => {
    const one = await stand.cluster(1, 2);
    expect(await one.cluster.converge(one.spec)).toMatchObject({ outcome: 'Success' });
    const leaving = one.workers[1]!;
    const without = { ...one.spec, hosts: one.spec.hosts.slice(0, 2) };
    const marks = leaving.host.marks();
    const drain = drains(leaving);
    const { operation } = await one.cluster.apply(without);
    await drain.reached;
    await until('the cordon', 60_000, () => nodeOf(leaving).unschedulable);
    await cancelled(one, operation);
    expect(nodeOf(leaving).unschedulable).toBe(false);
    expect(leaving.host.marks()).toEqual(marks);
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);

    const reset = stand.holds(({ host, name }) => host === leaving.host.address && name === 'stop the kubelet');
    const again = await one.cluster.apply(without);
    await reset.reached;
    await cancelledThen(one, again.operation, reset.release);
    expect((await one.cluster.view()).log.at(-1)?.message).toContain(`removed: ${leaving.host.address}`);
    expect(notBare([leaving])).toEqual([]);
    expect(one.controlPlanes[0]!.host.kubernetes!.nodes.has(leaving.host.name)).toBe(false);
  });

  describe('a cancel between two attempts, of which the first has cordoned the node', () => {
    /** The link breaks when the node is cordoned, and again whenever an attempt asks `first`: none of them comes so far that it could take the cordon back. */
    async function cancelledBetween({ cluster }: Made, spec: Made['spec'], { on, job, first }: { on: FleetHost; job: string; first: string }): Promise<void> {
      let cordoned = false;
      let again = (): void => undefined;
      const failedAgain = new Promise<void>((resolve) => { again = resolve; });
      const broken = stand.breaks(({ name, args }) => {
        if (name === 'kubectl drain' && args[0] === on.host.name) {
          cordoned = true;
          return { kind: 'drop', when: 'after' };
        }
        if (cordoned && name === first) again();
        return cordoned && [first, 'kubectl patch node'].includes(name) ? { kind: 'drop', when: 'before' } : undefined;
      });
      const { operation } = await cluster.apply(spec);
      await failedAgain;
      expect(nodeOf(on).unschedulable).toBe(true);
      await cluster.cancel();
      await cluster.hasEnded(operation, job);
      broken.mend();
      expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
      await cluster.idle();
    }

    test('a removal: the host stays a member in service, and the next apply removes it', async () => {
      const one = await stand.cluster(1, 2);
      expect(await one.cluster.converge(one.spec)).toMatchObject({ outcome: 'Success' });
      const leaving = one.workers[1]!;
      const without = { ...one.spec, hosts: one.spec.hosts.slice(0, 2) };
      const marks = leaving.host.marks();
      await cancelledBetween(one, without, { on: leaving, job: `Remove/${leaving.host.address}`, first: 'who has cordoned the node' });
      expect(nodeOf(leaving)).toMatchObject({ unschedulable: false });
      expect(nodeOf(leaving).annotations).toEqual({});
      expect(leaving.host.marks()).toEqual(marks);
      expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
      expect(await one.cluster.converge(without)).toMatchObject({ outcome: 'Success' });
      expect(notBare([leaving])).toEqual([]);
    });

    test('an upgrade: the host is as it was and in service; a cordon of a person stays', async () => {
      const one = await formerCluster(stand, 1, 2);
      const leader = one.controlPlanes[0]!;
      const others = one.workers[1]!;
      nodeOf(others).unschedulable = true;
      const before = runs(leader);
      await cancelledBetween(one, at(one.spec, version), { on: leader, job: `Upgrade/${leader.host.address}`, first: 'look how far the upgrade is' });
      expect(nodeOf(leader)).toMatchObject({ version: former, unschedulable: false });
      expect(nodeOf(others).unschedulable).toBe(true);
      expect(runs(leader)).toEqual(before);
      expect(one.hosts.flatMap(notes)).toEqual([]);
      nodeOf(others).unschedulable = false;
      expect(await one.cluster.converge(at(one.spec, version))).toMatchObject({ outcome: 'Success' });
      expectUpgraded(one);
    });
  });
});
