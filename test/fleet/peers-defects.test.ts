import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPolicy } from '../../domain/cluster';
import { observe } from '../../testing';
import { refusal } from '../temporal/cluster-under-test';
import { withTemporal } from '../temporal/env';
import { commands, images, type Stand, version } from './stand';
import { ended } from './temporal';
import { withStand } from './with-stand';

jest.setTimeout(240_000);

/** Defects of other tools of the field, each seen not to be here. Most have their tests where they belong; the numbers are those of the list. */
withTemporal('what other tools do wrong, on simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const policy = { ...defaultPolicy, parkRetry: { times: 0, firstMs: 50, factor: 1 }, approve: { removeControlPlane: false, upgrade: false, override: false }, snapshots: { ...defaultPolicy.snapshots, beforeUpgrade: false } };
  const former = ['fleet/kubernetes:v1.33.13', ...images.slice(1)];
  test('a drain that fails: nothing is upgraded, stopped or removed on that host (peers.md #7)', async () => {
    const made = await stand.cluster(1, 2, { policy, images: former });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    const last = made.workers[1]!;
    const node = last.host.name;
    const drainFails = (): { mend(): void } =>
      stand.breaks(({ name, args }) => (name === 'kubectl drain' && args.includes(node) ? { kind: 'exit', code: 1, when: 'before', words: 'error when evicting' } : undefined));
    let drain = drainFails();

    let since = stand.fleet.journal.entries.length;
    await made.cluster.apply({ ...made.spec, images });
    expect((await made.cluster.parked()).running?.waiting?.message).toContain(`kubectl drain ${node} failed`);
    expect(stand.effects(last, since)).toEqual([]);
    expect(stand.effects(made.workers[0]!, since)).toContain('upgrade the kubelet');
    drain.mend();
    await made.cluster.retry();
    expect(await made.cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
    await made.cluster.idle();

    drain = drainFails();
    since = stand.fleet.journal.entries.length;
    const smaller = { ...made.spec, images, hosts: made.spec.hosts.slice(0, 2) };
    await made.cluster.apply(smaller);
    await made.cluster.parked();
    expect(stand.effects(last, since)).toEqual([]);
    drain.mend();
    await made.cluster.retry();
    expect(await made.cluster.end('reconcile-3')).toMatchObject({ outcome: 'Success' });
    expect(stand.effects(last, since)).toContain('kubeadm reset');
  });

  test('a worker that fails on day one: the control plane and the other worker are left as they are, also by a cancel (peers.md #8)', async () => {
    const made = await stand.cluster(1, 2, { policy });
    const bad = made.workers[1]!.host.address;
    const broken = stand.breaks(({ name, host }) => (host === bad && name.endsWith('kubeadm join') ? { kind: 'exit', code: 1, when: 'before', words: 'no route' } : undefined));
    await made.cluster.apply(made.spec);
    await made.cluster.parked();
    await made.cluster.cancel();
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
    await made.cluster.idle();
    for (const one of [made.controlPlanes[0]!, made.workers[0]!]) expect(stand.effects(one)).not.toContain('kubeadm reset');
    broken.mend();
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(stand.effects(made.controlPlanes[0]!).filter((name) => name === 'kubeadm init')).toHaveLength(1);
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

  test.each([
    ['terminates', (operation: WorkflowHandle) => operation.terminate('by hand, in the UI'), 'Failed'],
    ['cancels', (operation: WorkflowHandle) => operation.cancel(), 'Cancelled'],
  ] as const)('an operation that somebody %s in the UI ends in a true status, and the next one finishes (peers.md #21)', async (_how, end, outcome) => {
    const made = await stand.cluster(1, 1, { policy });
    const leader = made.controlPlanes[0]!.host.address;
    const held = stand.holds(({ name, host }) => host === leader && name.endsWith('kubeadm init'));
    await made.cluster.apply(made.spec);
    await held.reached;
    await end(made.cluster.operation('init-1'));
    const view = await made.cluster.until(({ running }) => running === undefined);
    expect(view.phase).toBe('ClusterFailed');
    expect(view.log.at(-1)).toMatchObject({ operation: 'init-1', outcome });
    held.release();
    await made.cluster.idle();
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(stand.effects(made.controlPlanes[0]!).filter((name) => name === 'kubeadm init')).toHaveLength(1);
  });

  test('whoever holds the cluster dies, Temporal worker or operation: there is no lock that outlives it, and never two work (peers.md #10)', async () => {
    const made = await stand.cluster(1, 1, { policy });
    const leader = made.controlPlanes[0]!.host.address;
    const held = stand.holds(({ name, host }) => host === leader && name.endsWith('kubeadm init'));
    await made.cluster.apply(made.spec);
    await held.reached;
    await ended(stand.workers.splice(0, 1)[0]!, 'SIGKILL');
    stand.work();
    // The Temporal worker was not the holder: the operation is, it goes on, and nobody else may begin.
    const other = { ...made.spec, env: [{ name: 'OTHER', value: '1' }] };
    expect(await refusal(made.cluster.apply(other, { by: 'bo@desk' }))).toMatchObject({ type: 'ClusterBusy', message: expect.stringContaining('init-1 of ana@laptop runs') as string });
    await made.cluster.operation('init-1').terminate('by hand, in the UI');
    const { log } = await made.cluster.idle();
    held.release();
    // That one was: with it goes the hold, and the next one begins at once.
    expect(await made.cluster.converge(other)).toMatchObject({ operation: 'init-2', outcome: 'Success' });
    const after = (await made.cluster.view()).log;
    expect(after.map(({ operation }) => operation)).toEqual(['init-1', 'init-2']);
    expect(Date.parse(after[1]!.startedAt)).toBeGreaterThanOrEqual(Date.parse(log[0]!.endedAt));
    expect(stand.effects(made.controlPlanes[0]!).filter((name) => name === 'kubeadm init')).toHaveLength(1);
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
  });

  test('a join that leaves something behind: the next try resets the host first, and the causes of all tries can be read (peers.md #13)', async () => {
    const made = await stand.cluster(1, 1);
    const worker = made.workers[0]!;
    const causes = ['the first cause\n', 'the second cause\n'];
    let tried = 0;
    stand.breaks(({ name, host }) => {
      const words = host === worker.host.address && name.endsWith('job: kubeadm join') ? causes[tried] : undefined;
      if (words === undefined) return undefined;
      tried += 1;
      worker.host.files.write('/etc/kubernetes/kubelet.conf', 'half');
      return { kind: 'exit', code: 1, when: 'before', words };
    });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(tried).toBe(2);
    expect(stand.effects(worker).filter((name) => name.startsWith('kubeadm '))).toEqual(['kubeadm reset', 'kubeadm join']);
    const logs = readdirSync(join(stand.dir, 'logs', made.cluster.name, 'init-1'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n');
    for (const cause of causes) expect(logs).toContain(cause.trim());
  });

  test('a host that takes its time is waited for by what it says, and not by a clock (peers.md #14)', async () => {
    const made = await stand.cluster(1, 1, { policy });
    let asked = 0;
    let mended = 0;
    const slow = stand.breaks(({ name, host }) => {
      if (host !== made.controlPlanes[0]!.host.address || name !== 'kubectl get nodes' || !made.workers[0]!.host.marks().some((mark) => mark.startsWith('join:'))) return undefined;
      asked += 1;
      if (asked > 6) {
        mended = Date.now();
        slow.mend();
        return undefined;
      }
      return { kind: 'answer', stdout: '' };
    });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(asked).toBe(7);
    // A second or two; the rest is for a machine that has other things to do. What sleeps by a clock sleeps longer.
    expect(Date.now() - mended).toBeLessThan(25_000);
  });

  test('of an image with two commands the first fails: it is named with its own exit code, and the second does not run (peers.md #23)', async () => {
    const made = await stand.cluster(1, 1, { policy });
    const broken = stand.breaks(({ name, args }) => (name.endsWith('guest command') && args.includes('bash apply.sh first') ? { kind: 'exit', code: 9, when: 'before', words: 'no such thing' } : undefined));
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
