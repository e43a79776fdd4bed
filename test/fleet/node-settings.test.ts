import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import type { DriftReport } from '../../domain/drift/difference';
import type { NodeSettings } from '../../domain/node-settings';
import { type FleetHost, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

withTemporal('labels and taints of Nodes that run, on simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const said = (spec: ClusterSpec, ...settings: NodeSettings[]): ClusterSpec =>
    ({ ...spec, policy: { ...defaultPolicy, noWait: true }, hosts: spec.hosts.map((host, at) => ({ ...host, ...settings[at] })) });
  const nodeOf = ({ host }: FleetHost) => host.kubernetes!.nodes.get(host.nodeName)!;
  const labelsOf = (host: FleetHost) => nodeOf(host).labels ?? {};
  const taintsOf = (host: FleetHost): string[] => (nodeOf(host).taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`);
  const now = (): number => stand.fleet.journal.entries.length;
  const changedSince = (from: number, { hosts }: Made): string[] => {
    const ours = new Set(hosts.map(({ host }) => host.address));
    return stand.fleet.journal.entries.slice(from).filter(({ kind, host, name }) => kind === 'effect' && ours.has(host) && /Node|kubelet/.test(name)).map(({ name }) => name);
  };

  test('are what the Policy says after each apply; what others have set stays, and the same again changes nothing', async () => {
    const one = await stand.cluster(1, 2);
    const [leader, first, second] = one.hosts as [FleetHost, FleetHost, FleetHost];
    const converge = async (spec: ClusterSpec) => expect(await one.cluster.converge(spec)).toMatchObject({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    // The first has its label from its join, the others get theirs when they run.
    await converge(said(one.spec, {}, { nodeLabels: { disk: 'fast' } }));
    Object.assign(nodeOf(second), { labels: { theirs: 'a' }, taints: [{ key: 'theirs', effect: 'NoSchedule' }] });

    const wanted = said(one.spec, { nodeLabels: { rack: 'a' } }, { nodeLabels: { disk: 'slow', gpu: 'yes' } }, { nodeLabels: { gpu: 'yes' }, nodeTaints: ['gpu=yes:NoSchedule', 'late:NoExecute'] });
    const { jobs } = await one.cluster.preview(wanted);
    expect(jobs.filter(({ stage }) => stage === 'Settings').map(({ host, reason }) => [host, reason])).toEqual([
      [leader.host.address, 'its Node gets label rack=a'], [first.host.address, 'its Node gets label disk=slow, label gpu=yes'],
      [second.host.address, 'its Node gets label gpu=yes, taint gpu=yes:NoSchedule, taint late:NoExecute'],
    ]);
    await converge(wanted);
    expect(one.hosts.map(labelsOf)).toMatchObject([{ rack: 'a' }, { disk: 'slow', gpu: 'yes' }, { gpu: 'yes', theirs: 'a' }]);
    expect(taintsOf(second)).toEqual(['theirs:NoSchedule', 'gpu=yes:NoSchedule', 'late:NoExecute']);

    const again = now();
    expect((await one.cluster.preview(wanted)).jobs).toEqual([]);
    await converge(wanted);
    expect(changedSince(again, one)).toEqual([]);

    // Somebody takes one away by hand: drift tells, and the next apply brings it back.
    nodeOf(first).labels = { disk: 'slow' };
    const drift = await stand.client.workflow.execute<(input: object) => Promise<DriftReport>>('driftCheck', { workflowId: `drift-of-${one.cluster.name}`, taskQueue: one.cluster.taskQueue, args: [{ cluster: one.cluster.name }] });
    expect(drift.differences.filter(({ kind }) => kind === 'plan')).toEqual([{ host: first.host.address, kind: 'plan', message: 'an apply would do Settings: its Node gets label gpu=yes' }]);
    await converge(wanted);
    expect(labelsOf(first)).toEqual({ disk: 'slow', gpu: 'yes' });

    await converge(said(one.spec, {}, { nodeLabels: { disk: 'slow' } }, { nodeTaints: ['late:NoExecute'] }));
    expect(one.hosts.map(labelsOf)).toEqual([{}, { disk: 'slow' }, { theirs: 'a' }]);
    expect(taintsOf(second)).toEqual(['theirs:NoSchedule', 'late:NoExecute']);
    await converge(said(one.spec));
    expect([one.hosts.map(labelsOf), taintsOf(second), one.hosts.map((host) => nodeOf(host).annotations ?? {})]).toEqual([[{}, {}, { theirs: 'a' }], ['theirs:NoSchedule'], [{}, {}, {}]]);
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
  });
});
