import type { NodeSettings } from '../../domain/node-settings';
import { type FleetHost, leftBehind, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(300_000);

withTemporal('an install of simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  test.each([[1, 2], [3, 1], [3, 97]])('of %i control planes and %i workers: every post-condition holds, and nothing was done twice', async (controlPlanes, workers) => {
    const made = await stand.cluster(controlPlanes, workers);
    const ended = await made.cluster.converge(made.spec);
    expect(ended).toEqual({ operation: 'init-1', outcome: 'Success', message: `${controlPlanes + workers} nodes Ready at ${version}` });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
    expect(leftBehind(made.hosts)).toEqual([]);
    expect(ranTwice(stand.fleet.journal, made.hosts)).toEqual([]);
  });

  test('is refused before its first change where the port that the spec gives the registry is taken, or a disk is too small', async () => {
    const made = await stand.cluster(1, 1, { env: [{ name: 'registryPort', value: '5055' }, { name: 'criData', value: '/data/containerd' }] });
    const [{ host }] = made.controlPlanes as [FleetHost];
    const { free } = host.files;
    host.listens.set(5055, 'nginx');
    host.files.free = 1e9;
    const refused = await made.cluster.converge(made.spec);
    expect(refused).toMatchObject({ outcome: 'Failed', type: 'PreflightFailed' });
    expect(refused.message).toContain('port 5055 is in use by nginx');
    expect(refused.message).toContain('1.0 GB are free in /, ');
    expect(stand.fleet.journal.entries.filter(({ kind }) => kind === 'effect').filter((entry) => entry.host === host.address)).toEqual([]);

    host.listens.clear();
    host.files.free = free;
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
  });

  test('Nodes get the names, labels and taints that a Policy has for them; a name that one that runs has not is said', async () => {
    const made = await stand.cluster(3, 2);
    const settings: NodeSettings[] = [{ nodeName: 'first', nodeLabels: { rack: 'a' } }, { nodeName: 'second' }, {}, { nodeName: 'gpu-1', nodeLabels: { gpu: 'yes' }, nodeTaints: ['gpu=yes:NoSchedule'] }, {}];
    const spec = { ...made.spec, hosts: made.spec.hosts.map((host, at) => ({ ...host, ...settings[at] })) };
    expect(await made.cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
    const { items } = made.hosts[0]!.host.kubernetes!.list();
    const seen = new Map(items.map(({ metadata, spec: { taints = [] } }) => [metadata.name, { labels: metadata.labels, taints }]));
    expect([...seen.keys()].sort()).toEqual(['first', 'gpu-1', 'second', ...[2, 4].map((at) => made.hosts[at]!.host.name)].sort());
    expect(seen.get('gpu-1')).toMatchObject({ labels: { gpu: 'yes' }, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] });
    expect(seen.get('first')).toMatchObject({ labels: { rack: 'a' } });

    const quiet = await made.cluster.preview(spec);
    expect([quiet.jobs, quiet.problems.filter(({ host }) => host !== undefined)]).toEqual([[], []]);
    const late = { ...spec, hosts: spec.hosts.map((host, at) => (at === 4 ? { ...host, nodeName: 'late' } : host)) };
    const { problems } = await made.cluster.preview(late);
    expect(problems.filter(({ host }) => host !== undefined)).toEqual([expect.objectContaining({
      severity: 'warning', host: late.hosts[4]!.id, message: `its Node ${made.hosts[4]!.host.name} runs without the name late, which hosts get when they join`, todo: 'delete the host and add it again',
    })]);
  });
});
