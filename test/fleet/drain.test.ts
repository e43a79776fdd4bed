import { type FleetHost, notBare, observe } from '../../testing';
import { skipUpdate } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import { commands, type Stand, version } from './stand';
import { at, expectUpgraded, former, formerCluster, nodeOf, notes, runs, upgradesOf } from './upgrading';
import { withStand } from './with-stand';

jest.setTimeout(360_000);
const [pod, budget] = ['shop/web-7f9c', 'shop/web'];

withTemporal('a drain that a budget blocks', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  /** The last replica that its budget lets go nowhere, on this host; `relax` has another one come up. */
  const guarded = (on: FleetHost): { relax(): void; place(): string | undefined } => {
    const { pods, budgets } = on.host.kubernetes!;
    pods.set(pod, { node: on.host.name, budget });
    budgets.set(budget, 0);
    return { relax: () => void budgets.set(budget, 1), place: () => pods.get(pod)?.node };
  };

  test('a removal waits and names pod and budget, with the host in service; when the budget lets the pod go a retry ends it', async () => {
    const one = await stand.cluster(1, 2);
    const parks = at(one.spec, version);
    expect(await one.cluster.converge(parks)).toMatchObject({ outcome: 'Success' });
    const [stays, leaving] = one.workers as [FleetHost, FleetHost];
    const shop = guarded(leaving);
    const marks = leaving.host.marks();
    const { operation } = await one.cluster.apply({ ...parks, hosts: parks.hosts.filter(({ address }) => address !== leaving.host.address) });
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({
      reason: 'DrainBlocked', message: expect.stringMatching(`Remove on ${leaving.host.address}: .*${pod} cannot leave within .*PodDisruptionBudget ${budget} allows no disruption.*change its budget; then retry`) as string,
      commands: [`keelson retry ${one.cluster.name}`, `keelson cancel ${one.cluster.name}`],
      jobs: [expect.objectContaining({ stage: 'Remove', needed: `the cluster is to be without ${leaving.host.address}` })],
    });
    expect(nodeOf(leaving).unschedulable).toBe(false);
    expect(leaving.host.marks()).toEqual(marks);
    expect(shop.place()).toBe(leaving.host.name);

    shop.relax();
    await one.cluster.retry();
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    expect(shop.place()).toBe(stays.host.name);
    expect(notBare([leaving])).toEqual([]);
    expect(observe({ name: one.cluster.name, version, controlPlanes: one.controlPlanes, workers: [stays], commands })).toEqual([]);
  });

  test('of a worker that is to be upgraded: it stays as it was, can be left out, the others go on, and the next apply takes it', async () => {
    const one = await formerCluster(stand, 1, 2);
    const [blocked, other] = one.workers as [FleetHost, FleetHost];
    const shop = guarded(blocked);
    const before = runs(blocked);
    const { operation } = await one.cluster.apply(at(one.spec, version));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'DrainBlocked', commands: expect.arrayContaining([`keelson skip ${one.cluster.name} --host ${blocked.host.address}`]) as string[] });
    expect(nodeOf(other).version).toBe(former);
    await one.cluster.entity.executeUpdate(skipUpdate, { args: [{ by: 'bo@desk', host: blocked.host.address }] });
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success', message: expect.stringContaining(`left out: ${blocked.host.address}`) as string });
    expect(nodeOf(other)).toMatchObject({ version, unschedulable: false });
    expect(nodeOf(blocked)).toMatchObject({ version: former, unschedulable: false });
    expect(runs(blocked)).toEqual(before);
    expect(notes(blocked)).toEqual([]);
    const { conditions } = await one.cluster.idle();
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False', reason: 'Skipped' }));

    shop.relax();
    expect(await one.cluster.converge(at(one.spec, version))).toMatchObject({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    expectUpgraded(one);
    expect([...one.controlPlanes, other].map((host) => upgradesOf(stand, host).filter((name) => name === 'upgrade the kubelet'))).toEqual([['upgrade the kubelet'], ['upgrade the kubelet']]);
  });
});
