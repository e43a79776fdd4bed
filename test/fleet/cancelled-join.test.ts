import { defaultPolicy } from '../../domain/cluster';
import { leftBehind, notBare, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { ended } from './temporal';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

withTemporal('a join that hangs and is cut off after a cancel', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  /** A cluster in which this host's `kubeadm join` hangs, with its token made and spent. */
  async function hanging(which: number, controlPlanes = 2): Promise<{ made: Made; host: Made['hosts'][number]; operation: string }> {
    const made = await stand.cluster(controlPlanes, 1, { policy: { ...defaultPolicy, joinEndsMs: 500 } });
    const host = made.hosts[which]!;
    let told = (): void => undefined;
    const reached = new Promise<void>((resolve) => { told = resolve; });
    stand.fleet.plans.push((moment) => {
      if (moment.name !== 'job: kubeadm join' || moment.host !== host.host.address) return undefined;
      told();
      return { kind: 'hang' };
    });
    const { operation } = await made.cluster.apply(made.spec);
    await reached;
    expect(leftBehind(made.hosts)).toEqual(expect.arrayContaining([expect.stringMatching(/join tokens$/)]));
    return { made, host, operation };
  }

  /** The host is bare, and no way into the cluster is left; the next operation finishes. */
  async function expectTakenBack({ made, host, operation }: Awaited<ReturnType<typeof hanging>>): Promise<void> {
    expect(await made.cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    expect((await made.cluster.idle()).log[0]?.message).toContain(`taken back: ${host.host.address}`);
    expect(leftBehind(made.hosts)).toEqual([]);
    expect(notBare([host])).toEqual([]);
    stand.fleet.plans.splice(0);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
  }

  test.each([['a control plane', 1], ['a worker', 2]] as const)('leaves no token and no certificates: %s', async (_what, which) => {
    const one = await hanging(which);
    await one.made.cluster.cancel();
    await expectTakenBack(one);
  });

  test('leaves none where the attempt that made them was killed, and no other one came after it', async () => {
    const one = await hanging(1);
    await Promise.all(stand.workers.splice(0).map((worker) => ended(worker, 'SIGKILL')));
    stand.work();
    await one.made.cluster.cancel();
    await expectTakenBack(one);
  });

  test('leaves no Node and no member of etcd where kubeadm reset did not take them away', async () => {
    const one = await hanging(2, 3);
    const { host } = one.host;
    const cluster = one.made.hosts[0]!.host.kubernetes!;
    // It had come so far in the join, and its kubeadm knows nothing of it any more.
    cluster.add({ name: host.nodeName, host, controlPlane: true, version, unschedulable: false });
    await one.made.cluster.cancel();
    expect(await one.made.cluster.end(one.operation)).toMatchObject({ outcome: 'Cancelled' });
    expect([cluster.nodes.has(host.nodeName), cluster.members.has(host.nodeName), notBare([one.host])]).toEqual([false, false, []]);
  });
});
