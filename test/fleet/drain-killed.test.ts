import type { FleetHost } from '../../testing';
import { withTemporal } from '../temporal/env';
import type { Killable } from './killable';
import type { Stand } from './stand';
import { version } from './stand';
import { until } from './until';
import { at, nodeOf } from './upgrading';
import { withKillable } from './with-killable';

jest.setTimeout(360_000);
const [pod, budget] = ['shop/web-7f9c', 'shop/web'];

withTemporal('a removal whose Temporal worker dies in the drain', () => {
  let stand: Stand;
  let worker: Killable;
  withKillable((...all) => { [stand, worker] = all; });

  /** A cluster of which a host is to leave that a budget keeps; the Temporal worker has died right after the drain had cordoned it, and another one has come to where it waits. */
  async function killed({ cordoned }: { readonly cordoned: boolean }) {
    const one = await stand.cluster(1, 2);
    const spec = at(one.spec, version);
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    const leaving = one.workers[1]!;
    const { pods, budgets } = leaving.host.kubernetes!;
    pods.set(pod, { node: leaving.host.name, budget });
    budgets.set(budget, 0);
    nodeOf(leaving).unschedulable = cordoned;
    const drain = stand.holds(({ name, args }) => name === 'kubectl drain' && args[0] === leaving.host.name, 'after');
    const { operation } = await one.cluster.apply({ ...spec, hosts: spec.hosts.filter(({ address }) => address !== leaving.host.address) });
    await drain.reached;
    await until('the cordon', 60_000, () => nodeOf(leaving).unschedulable);
    await worker.stop();
    drain.release();
    await worker.start();
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'DrainBlocked' });
    return { ...one, leaving: leaving satisfies FleetHost, operation };
  }

  test('the next attempt knows whose the cordon is: the host is in service while a person is asked, and after a cancel', async () => {
    const { cluster, leaving, operation } = await killed({ cordoned: false });
    expect(nodeOf(leaving)).toMatchObject({ unschedulable: false });
    await cluster.cancel();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    await cluster.idle();
    expect([nodeOf(leaving).unschedulable, nodeOf(leaving).annotations]).toEqual([false, {}]);
  });

  test('a node that a person had cordoned stays so', async () => {
    const { cluster, leaving, operation } = await killed({ cordoned: true });
    expect(nodeOf(leaving).unschedulable).toBe(true);
    await cluster.cancel();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    await cluster.idle();
    expect(nodeOf(leaving).unschedulable).toBe(true);
  });
});
