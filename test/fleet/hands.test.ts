import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterSpec } from '../../domain/cluster';
import { type FleetHost, leftBehind, observe } from '../../testing';
import { cancelUpdate, pauseUpdate, resumeUpdate } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import { ended } from './temporal';
import { commands, images, type Made, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(240_000);
const by = 'bo@desk';

withTemporal('human hands on simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const commandsOn = (hosts: readonly FleetHost[]): number => {
    const ours = new Set(hosts.map(({ host }) => host.address));
    return stand.fleet.journal.entries.filter((entry) => entry.kind === 'command' && ours.has(entry.host)).length;
  };
  const guests = ({ hosts }: Made): string[] =>
    stand.fleet.journal.entries.filter((entry) => entry.kind === 'effect' && entry.name === 'guest command' && hosts.some(({ host }) => host.address === entry.host)).map(({ args }) => args[0] ?? '');

  test('a pause: what runs ends, then no command reaches any host, through a killed Temporal worker; resume ends well', async () => {
    const made = await stand.cluster(1, 2);
    const first = made.controlPlanes[0]!.host.address;
    const held = stand.holds(({ host, name }) => host === first && name.endsWith('kubeadm init'));
    await made.cluster.apply(made.spec);
    await held.reached;
    await made.cluster.entity.executeUpdate(pauseUpdate, { args: [{ by }] });
    held.release();
    await made.cluster.until(({ running }) => running?.waiting?.kind === 'pause');
    const before = commandsOn(made.hosts);
    const [worker] = stand.workers.splice(0, 1);
    await ended(worker!, 'SIGKILL');
    stand.work();
    await made.cluster.until(({ paused }) => paused !== undefined);
    await sleep(3_000);
    expect(commandsOn(made.hosts)).toBe(before);
    await made.cluster.entity.executeUpdate(resumeUpdate, { args: [{ by }] });
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
  });

  test('a cancel while a worker is prepared: it is bare again, members stay, nothing runs on any host', async () => {
    const made = await stand.cluster(1, 2);
    const last = made.workers[1]!.host;
    const held = stand.holds(({ host, name }) => host === last.address && name.endsWith('image script') );
    await made.cluster.apply(made.spec);
    await held.reached;
    await made.cluster.until(() => made.workers[0]!.host.marks().some((mark) => mark.startsWith('join:')));
    await made.cluster.entity.executeUpdate(cancelUpdate, { args: [{ by, reason: 'not this one' }] });
    held.release();
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
    expect((await made.cluster.idle()).log[0]?.message).toBe(`cancelled by ${by}: not this one; taken back: ${made.spec.hosts[2]!.id}`);
    expect(last.marks()).toEqual([]);
    expect(last.files.has('/var/lib/keelson/claim.json')).toBe(false);
    expect(made.controlPlanes[0]!.host.marks()).toContain('init');
    expect(leftBehind(made.hosts)).toEqual([]);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
  });

  test('a cancel in the middle of a join lets it end: a member, and no second join by the next apply', async () => {
    const made = await stand.cluster(1, 1);
    const { host } = made.workers[0]!;
    const held = stand.holds((moment) => moment.host === host.address && moment.name.endsWith('kubeadm join'));
    await made.cluster.apply(made.spec);
    await held.reached;
    await made.cluster.entity.executeUpdate(cancelUpdate, { args: [{ by, reason: '' }] });
    held.release();
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
    await made.cluster.idle();
    expect(host.marks().some((mark) => mark.startsWith('join:'))).toBe(true);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    expect(stand.fleet.journal.of(host.address).filter(({ kind, name }) => kind === 'effect' && name === 'kubeadm join')).toHaveLength(1);
    expect(leftBehind(made.hosts)).toEqual([]);
  });

  test('an application is installed once; another version takes its place; the first one runs again when it comes back', async () => {
    const made = await stand.cluster(1, 1);
    const policy = { ...made.spec.policy, approve: { ...made.spec.policy.approve, override: false } };
    const withApp = (ref: string): ClusterSpec => ({ ...made.spec, policy, images: [...images.slice(0, 2), ref] });
    const app = ['bash apply.sh first', 'bash apply.sh second'];
    for (const ref of ['fleet/app:1', 'fleet/app:1', 'fleet/app:2', 'fleet/app:1']) expect(await made.cluster.converge(withApp(ref))).toMatchObject({ outcome: 'Success' });
    expect(guests(made)).toEqual(['bash apply.sh network', ...app, ...app, ...app]);
    expect((await made.cluster.view()).images.map(({ ref }) => ref)).toEqual([...images.slice(0, 2), 'fleet/app:1']);
  });

  test('a command that fails is named with its image, number, exit code and last line; a retry runs only what is missing', async () => {
    const made = await stand.cluster(1, 1, {});
    const spec = { ...made.spec, policy: { ...made.spec.policy, parkRetry: { times: 0, firstMs: 50, factor: 1 } } };
    let broken = true;
    stand.fleet.plans.push(({ name, args }) => (broken && name.endsWith('guest command') && args.includes('bash apply.sh second') ? { kind: 'exit', code: 7, when: 'before', words: 'no leave yet' } : undefined));
    await made.cluster.apply(spec);
    const { running } = await made.cluster.parked();
    expect(running?.waiting?.message).toContain('fleet/app:1, command 2 failed on');
    expect(running?.waiting?.message).toContain('with exit code 7');
    expect(running?.waiting?.jobs).toEqual([expect.objectContaining({ stage: 'RunGuest', image: 'fleet/app:1' })]);
    broken = false;
    stand.fleet.plans.pop();
    await made.cluster.retry();
    expect(await made.cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    expect(guests(made).filter((one) => one === 'bash apply.sh first')).toHaveLength(1);
  });
});
