import { parse } from 'yaml';
import { type ClusterSpec, defaultPolicy, type JsonObject } from '../../domain/cluster';
import { kubeletConfigPath } from '../../domain/drift/host-settings';
import { type FleetHost, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { Holder } from './kill-points';
import type { Killable } from './killable';
import { commands, type Made, type Stand, version } from './stand';
import { until } from './until';
import { withKillable } from './with-killable';

jest.setTimeout(360_000);

withTemporal('changed settings of the kubelet, on simulated hosts', () => {
  let stand: Stand;
  let worker: Killable;
  withKillable((...all) => { [stand, worker] = all; });

  const said = (spec: ClusterSpec, kubelet?: JsonObject): ClusterSpec =>
    ({ ...spec, policy: { ...defaultPolicy, parkRetry: { times: 0, firstMs: 1, factor: 1 } }, kubeadm: kubelet ? { kubelet: { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', ...kubelet } } : {} });
  const fieldOf = ({ host }: FleetHost, field: string): unknown => (parse(host.files.text(kubeletConfigPath) ?? '') as JsonObject)[field];
  /** The hosts whose kubelets were started anew since then, in order. */
  const restarted = ({ hosts }: Made, from: number): string[] => {
    const ours = new Set(hosts.map(({ host }) => host.address));
    return stand.fleet.journal.entries.filter(({ at, name, host }) => at >= from && name === 'restart the kubelet' && ours.has(host)).map(({ host }) => host);
  };
  const now = (): number => (stand.fleet.journal.entries.at(-1)?.at ?? -1) + 1;
  const changes = (from: number, { host }: FleetHost): string[] => stand.fleet.journal.entries.filter(({ at, host: on, changed }) => at >= from && on === host.address && changed).map(({ name }) => name);
  const made = async (controlPlanes: number, workers: number): Promise<Made> => {
    const one = await stand.cluster(controlPlanes, workers);
    expect(await one.cluster.converge(said(one.spec))).toMatchObject({ outcome: 'Success' });
    return one;
  };
  const configured = ({ hosts }: Made): object | undefined => hosts[0]!.host.kubernetes!.documents.get('KubeletConfiguration');
  const addresses = (hosts: readonly FleetHost[]): string[] => hosts.map(({ host }) => host.address);

  test('reach each host once, control planes first, and what is said no more has its default again', async () => {
    const one = await made(3, 3);
    const first = now();
    expect(await one.cluster.converge(said(one.spec, { maxPods: 50 }))).toMatchObject({ outcome: 'Success', message: `6 nodes Ready at ${version}` });
    expect(restarted(one, first).slice(0, 3)).toEqual(addresses(one.controlPlanes));
    expect(restarted(one, first).sort()).toEqual(addresses(one.hosts).sort());
    expect(one.hosts.map((host) => fieldOf(host, 'maxPods'))).toEqual(one.hosts.map(() => 50));
    expect(configured(one)).toMatchObject({ maxPods: 50 });
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);

    const again = now();
    expect(await one.cluster.converge(said(one.spec, { maxPods: 50 }))).toMatchObject({ outcome: 'Success' });
    expect(restarted(one, again)).toEqual([]);

    expect(await one.cluster.converge(said(one.spec))).toMatchObject({ outcome: 'Success' });
    expect(restarted(one, again).sort()).toEqual(addresses(one.hosts).sort());
    expect(one.hosts.map((host) => fieldOf(host, 'maxPods'))).toEqual(one.hosts.map(() => undefined));
  });

  test('of a host without a mark are compared, and its kubelet is left alone', async () => {
    const one = await made(1, 1);
    const before = now();
    for (const { host } of one.hosts) for (const mark of host.marks()) if (mark.startsWith('settings-')) host.files.remove(`/var/lib/keelson/done/${mark}`);
    expect(await one.cluster.converge(said(one.spec))).toMatchObject({ outcome: 'Success' });
    expect(restarted(one, before)).toEqual([]);
    expect(one.hosts.map(({ host }) => host.marks().filter((mark) => mark.startsWith('settings-kubelet:')).length)).toEqual([1, 1]);
  });

  test('with which a kubelet does not come up are taken back, and the operation waits; the former ones end well', async () => {
    const one = await made(2, 2);
    const [bad, other] = one.workers as [FleetHost, FleetHost];
    bad.host.kubeletRefuses = (config) => config.includes('maxPods: 7');
    const { operation } = await one.cluster.apply(said(one.spec, { maxPods: 7 }));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'RolledBack', message: expect.stringMatching(`Settings on ${bad.host.address}: .*former kubelet settings.*refuses its configuration`) as string });
    expect(bad.host.isActive('kubelet')).toBe(true);
    expect(fieldOf(bad, 'maxPods')).toBeUndefined();
    expect(one.controlPlanes.map((host) => fieldOf(host, 'maxPods'))).toEqual([7, 7]);
    expect(fieldOf(other, 'maxPods')).toBeUndefined();

    await one.cluster.cancel();
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    await one.cluster.idle();
    const before = now();
    expect(await one.cluster.converge(said(one.spec))).toMatchObject({ outcome: 'Success' });
    // Those that had them get the former ones; the others ran with them all along.
    expect(restarted(one, before)).toEqual(addresses(one.controlPlanes));
    expect(one.hosts.map((host) => fieldOf(host, 'maxPods'))).toEqual(one.hosts.map(() => undefined));
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
  });

  test('with which the leader does not come up are in no ConfigMap afterwards: who joins later gets the former ones', async () => {
    const one = await made(1, 1);
    one.hosts[0]!.host.kubeletRefuses = (config) => config.includes('maxPods: 7');
    const former = configured(one);
    await one.cluster.apply(said(one.spec, { maxPods: 7 }));
    await one.cluster.parked();
    expect(configured(one)).toEqual(former);
    expect(fieldOf(one.workers[0]!, 'maxPods')).toBeUndefined();
    await one.cluster.cancel();
    await one.cluster.idle();
  });

  const job = 'job: change the settings of the kubelet';
  test.each([
    [job, 'before'], [job, 'after'], ['the kubelet has its settings', 'before'], ['the kubelet has its settings', 'after'],
  ] as const)('a Temporal worker that is killed at "%s", %s its effect, does nothing twice, and changes nothing on a host that is done', async (name, when) => {
    const one = await made(1, 2);
    const holder = new Holder(one.hosts, [{ host: 1, name, nth: 0, when }]);
    stand.fleet.plans.push(holder.plan);
    const before = now();
    const { operation } = await one.cluster.apply(said(one.spec, { maxPods: 50 }));
    await until('the place', 180_000, () => holder.isHeld);
    const killedAt = now();
    await worker.die([holder]);
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    expect(restarted(one, before).sort()).toEqual(addresses(one.hosts).sort());
    expect(changes(killedAt, one.controlPlanes[0]!).filter((command) => /kubelet/.test(command))).toEqual([]);
    expect(one.hosts.map((host) => fieldOf(host, 'maxPods'))).toEqual([50, 50, 50]);
    await one.cluster.idle();
  });
});
