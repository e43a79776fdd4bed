import { defaultPolicy } from '../../domain/cluster';
import { type Fault, type Moment, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, images, type Made, Stand, version } from './stand';

jest.setTimeout(120_000);

/** Defects of other tools of the field, each seen not to be here. Most have their tests where they belong; the numbers are those of the list. */
withTemporal('what other tools do wrong, on simulated hosts', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.start();
    stand.work();
  });
  afterAll(() => stand.close());

  const policy = { ...defaultPolicy, parkRetry: { times: 0, firstMs: 50, factor: 1 }, approve: { removeControlPlane: false, upgrade: false, override: false }, snapshots: { ...defaultPolicy.snapshots, beforeUpgrade: false } };
  const former = ['fleet/kubernetes:v1.33.13', ...images.slice(1)];
  /** Until `mend` every command that this says something about goes wrong so. */
  function breaks(plan: (moment: Moment) => Fault | undefined): { mend(): void } {
    stand.fleet.plans.push(plan);
    return { mend: () => { stand.fleet.plans.splice(stand.fleet.plans.indexOf(plan), 1); } };
  }
  /** What was done to a host since the journal had so many entries. */
  const effects = ({ host }: Made['hosts'][number], since = 0): string[] =>
    stand.fleet.journal.entries.slice(since).filter((entry) => entry.kind === 'effect' && entry.host === host.address).map(({ name }) => name);

  test('a drain that fails: nothing is upgraded, stopped or removed on that host (peers.md #7)', async () => {
    const made = await stand.cluster(1, 2, { policy, images: former });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    const last = made.workers[1]!;
    const node = last.host.name;
    const drainFails = (): { mend(): void } =>
      breaks(({ name, args }) => (name === 'kubectl drain' && args.includes(node) ? { kind: 'exit', code: 1, when: 'before', words: 'error when evicting' } : undefined));
    let drain = drainFails();

    let since = stand.fleet.journal.entries.length;
    await made.cluster.apply({ ...made.spec, images });
    expect((await made.cluster.parked()).running?.waiting?.message).toContain(`kubectl drain ${node} failed`);
    expect(effects(last, since)).toEqual([]);
    expect(effects(made.workers[0]!, since)).toContain('upgrade the kubelet');
    drain.mend();
    await made.cluster.retry();
    expect(await made.cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
    await made.cluster.idle();

    drain = drainFails();
    since = stand.fleet.journal.entries.length;
    const smaller = { ...made.spec, images, hosts: made.spec.hosts.slice(0, 2) };
    await made.cluster.apply(smaller);
    await made.cluster.parked();
    expect(effects(last, since)).toEqual([]);
    drain.mend();
    await made.cluster.retry();
    expect(await made.cluster.end('reconcile-3')).toMatchObject({ outcome: 'Success' });
    expect(effects(last, since)).toContain('kubeadm reset');
  });

  test('a worker that fails on day one: the control plane and the other worker are left as they are, also by a cancel (peers.md #8)', async () => {
    const made = await stand.cluster(1, 2, { policy });
    const bad = made.workers[1]!.host.address;
    const broken = breaks(({ name, host }) => (host === bad && name.endsWith('kubeadm join') ? { kind: 'exit', code: 1, when: 'before', words: 'no route' } : undefined));
    await made.cluster.apply(made.spec);
    await made.cluster.parked();
    await made.cluster.cancel();
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
    await made.cluster.idle();
    for (const one of [made.controlPlanes[0]!, made.workers[0]!]) expect(effects(one)).not.toContain('kubeadm reset');
    broken.mend();
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(effects(made.controlPlanes[0]!).filter((name) => name === 'kubeadm init')).toHaveLength(1);
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
  });

  test('a control plane that has left is out of etcd (peers.md #16)', async () => {
    const made = await stand.cluster(3, 0, { policy });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    const { kubernetes } = made.controlPlanes[0]!.host;
    expect(kubernetes?.members.size).toBe(3);
    expect(await made.cluster.converge({ ...made.spec, hosts: made.spec.hosts.slice(0, 2) })).toMatchObject({ outcome: 'Success' });
    expect([...kubernetes!.members.keys()].sort()).toEqual(made.controlPlanes.slice(0, 2).map(({ host }) => host.name).sort());
  });

  test('an operation that somebody terminates ends in a true status, and the next one finishes (peers.md #21)', async () => {
    const made = await stand.cluster(1, 1, { policy });
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => { release = resolve; });
    const leader = made.controlPlanes[0]!.host.address;
    let reached = false;
    const held = breaks(({ name, host }) => {
      if (host !== leader || !name.endsWith('kubeadm init')) return undefined;
      reached = true;
      return { kind: 'hold', when: 'before', until };
    });
    await made.cluster.apply(made.spec);
    await made.cluster.until(() => reached);
    await made.cluster.operation('init-1').terminate('by hand, in the UI');
    const view = await made.cluster.until(({ running }) => running === undefined);
    expect(view.phase).toBe('ClusterFailed');
    expect(view.log.at(-1)).toMatchObject({ operation: 'init-1' });
    expect(view.log.at(-1)?.outcome).not.toBe('Success');
    held.mend();
    release();
    await made.cluster.idle();
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(effects(made.controlPlanes[0]!).filter((name) => name === 'kubeadm init')).toHaveLength(1);
  });

  test('of an image with two commands the first fails: it is named with its own exit code, and the second does not run (peers.md #23)', async () => {
    const made = await stand.cluster(1, 1, { policy });
    const broken = breaks(({ name, args }) => (name.endsWith('guest command') && args.includes('bash apply.sh first') ? { kind: 'exit', code: 9, when: 'before', words: 'no such thing' } : undefined));
    await made.cluster.apply(made.spec);
    const { running } = await made.cluster.parked();
    expect(running?.waiting?.message).toContain('fleet/app:1, command 1 failed on');
    expect(running?.waiting?.message).toContain('with exit code 9');
    broken.mend();
    const ran = (): string[] => stand.fleet.journal.of(made.controlPlanes[0]!.host.address).filter(({ kind, name }) => kind === 'effect' && name === 'guest command').map(({ args }) => args[0] ?? '');
    expect(ran()).toEqual(['bash apply.sh network']);
    await made.cluster.retry();
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    expect(ran()).toEqual(commands);
  });
});
