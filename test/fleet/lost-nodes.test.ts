import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import type { DriftReport } from '../../domain/drift/difference';
import { type FleetHost, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { runTask } from './tasks';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

withTemporal('hosts that have joined and whose Node is gone, on simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const once = (spec: ClusterSpec): ClusterSpec => ({ ...spec, policy: { ...defaultPolicy, noWait: true } });
  const nodesOf = ({ host }: FleetHost) => host.kubernetes!.nodes;
  const nodeOf = (one: FleetHost) => nodesOf(one).get(one.host.nodeName)!;
  /** As `kubectl delete node`: the kubelet runs on and does not notice. */
  const lose = (...hosts: readonly FleetHost[]): void => { for (const one of hosts) nodesOf(one).delete(one.host.nodeName); };
  const now = (): number => stand.fleet.journal.entries.length;
  const ids = (hosts: readonly FleetHost[]): string[] => hosts.map(({ host }) => `Join/${host.address}/node`).sort();
  const planned = async (one: Made, spec: ClusterSpec): Promise<string[]> => (await one.cluster.preview(spec)).jobs.map(({ id }) => id).filter((id) => id !== 'PostProcess').sort();
  const whole = (one: Made) => observe({ name: one.cluster.name, version, ...one, commands });
  const again = ['stop the kubelet', 'create the Node', 'restart the kubelet'];
  const made = async (controlPlanesOf: number, workers: number, more: (spec: ClusterSpec) => ClusterSpec = once) => {
    const one = await stand.cluster(controlPlanesOf, workers);
    const spec = more(one.spec);
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    return { one, spec };
  };

  test('a worker, the leader and another control plane: the plan names them, an apply makes their Nodes anew with role, labels and taints, and nobody joins', async () => {
    const { one, spec } = await made(3, 2, (given) => ({
      ...once(given), hosts: given.hosts.map((host, at) => ({ ...host, ...(at === 3 ? { nodeLabels: { disk: 'fast' }, nodeTaints: ['gpu=yes:NoSchedule'] } : {}) })),
    }));
    const [leader, second, , worker] = one.hosts as [FleetHost, FleetHost, FleetHost, FleetHost];
    const lost = [leader, second, worker];
    lose(...lost);
    const from = now();
    expect(await planned(one, spec)).toEqual(ids(lost));
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success', message: `5 nodes Ready at ${version}` });

    for (const host of one.hosts) expect(stand.effects(host, from)).toEqual(lost.includes(host) ? again : []);
    expect(nodeOf(worker)).toMatchObject({ controlPlane: false, labels: { disk: 'fast' }, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }], annotations: { 'keelson.dev/node-settings': '{"labels":["disk"],"taints":["gpu:NoSchedule"]}' } });
    for (const host of [leader, second]) expect(nodeOf(host)).toMatchObject({ controlPlane: true, taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] });
    expect([whole(one), ranTwice(stand.fleet.journal, one.hosts)]).toEqual([[], []]);
    const later = now();
    expect(await planned(one, spec)).toEqual([]);
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    for (const host of one.hosts) expect(stand.effects(host, later)).toEqual([]);
  });

  test('all of them, where one control plane leads alone, with changed settings beside it and a link that breaks after each step: its etcd is asked on the host, Nodes come first, and each is made once', async () => {
    const { one, spec } = await made(1, 1);
    lose(...one.hosts);
    expect(await planned(one, spec)).toEqual(ids(one.hosts));
    const from = now();
    // Nobody is told that it was done.
    const drops = stand.breaks(({ name, before }) => (['stop the kubelet alone', 'create a Node', 'restart the kubelet'].includes(name) && before === 0 ? { kind: 'drop', when: 'after' } : undefined));
    expect(await one.cluster.converge({ ...spec, kubeadm: { kubelet: { maxPods: 57 } } })).toMatchObject({ outcome: 'Success', message: `2 nodes Ready at ${version}` });
    drops.mend();
    for (const host of one.hosts) {
      const effects = stand.effects(host, from);
      // The second start of the kubelet is that of its settings.
      expect(effects.filter((name) => name !== 'stop the kubelet')).toEqual(['create the Node', 'restart the kubelet', 'restart the kubelet']);
    }
    expect(whole(one)).toEqual([]);
  });

  test('a control plane whose kubelet has started since, and so has a Node without the role: it is marked, and its kubelet is left alone', async () => {
    const { one, spec } = await made(2, 1);
    const second = one.hosts[1]!;
    Object.assign(nodeOf(second), { controlPlane: false, taints: [] });
    expect((await one.cluster.preview(spec)).jobs.map(({ id, reason }) => [id, reason])).toContainEqual([`Join/${second.host.address}/node`, 'its Node is not marked as a control plane']);
    const from = now();
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    expect(nodeOf(second)).toMatchObject({ controlPlane: true, taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] });
    expect(stand.effects(second, from)).not.toContain('restart the kubelet');
    expect(await planned(one, spec)).toEqual([]);
    expect(whole(one)).toEqual([]);
  });

  test('a host that the API does not take for who it was is told as such, with what to do; the others go on', async () => {
    const { one, spec } = await made(1, 2);
    const [, stranger, other] = one.hosts as [FleetHost, FleetHost, FleetHost];
    lose(stranger, other);
    const conf = stranger.host.files.text('/etc/kubernetes/kubelet.conf')!;
    stranger.host.files.write('/etc/kubernetes/kubelet.conf', 'certificate-authority-data: another\n', 0o600);
    const from = now();
    const { operation } = await one.cluster.apply(spec);
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Failed', message: expect.stringMatching(/API refuses its kubelet: .*x509.*it has to join anew: keelson delete --cluster \S+ --nodes \S+, then add it again/) as string });
    await one.cluster.idle();
    expect(stand.effects(stranger, from)).toEqual([]);
    expect(nodesOf(other).has(other.host.nodeName)).toBe(true);

    stranger.host.files.write('/etc/kubernetes/kubelet.conf', conf, 0o600);
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    expect(whole(one)).toEqual([]);
  });

  test('those that joined after a snapshot of etcd have none when it is restored, and the next apply brings them back', async () => {
    const one = await stand.cluster(2, 2);
    const [, second, , late] = one.hosts as [FleetHost, FleetHost, FleetHost, FleetHost];
    const spec = once(one.spec);
    const before = { ...spec, hosts: spec.hosts.filter(({ address }) => ![second, late].some(({ host }) => host.address === address)) };
    expect(await one.cluster.converge(before)).toMatchObject({ outcome: 'Success' });
    expect(await runTask(one, { kind: 'etcd-save', snapshot: 'before.db' })).toMatchObject({ outcome: 'Success' });
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    expect(await runTask(one, { kind: 'etcd-restore', snapshot: 'before.db' })).toMatchObject({
      outcome: 'Success', message: expect.stringMatching(new RegExp(`without a Node until the next keelson apply: ${second.host.address}, ${late.host.address}$`)) as string,
    });
    const from = now();
    expect(await planned(one, spec)).toEqual(ids([second, late]));
    expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success', message: `4 nodes Ready at ${version}` });
    for (const host of one.hosts) expect(stand.effects(host, from)).toEqual([second, late].includes(host) ? again : []);
    expect(whole(one)).toEqual([]);
  });

  test('drift tells, and with `converge` brings it back', async () => {
    const { one } = await made(1, 1, (given) => ({ ...given, policy: { ...defaultPolicy, noWait: true, drift: { converge: true } } }));
    const worker = one.workers[0]!;
    lose(worker);
    const drift = await stand.client.workflow.execute<(input: object) => Promise<DriftReport>>('driftCheck', { workflowId: `drift-of-${one.cluster.name}`, taskQueue: one.cluster.taskQueue, args: [{ cluster: one.cluster.name }] });
    expect(drift.differences).toContainEqual({ host: worker.host.address, kind: 'plan', message: 'an apply would do Join: it has joined and its Node is gone: the Node is made anew' });
    const view = await one.cluster.until(({ log, running }) => !running && log.some(({ by }) => by === 'drift'));
    expect(view.log.map(({ by }) => by)).toContain('drift');
    expect(whole(one)).toEqual([]);
  });
});
