import { type FleetHost, leftBehind, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, Stand, version } from './stand';

jest.setTimeout(120_000);

withTemporal('an install of simulated hosts', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.start();
    stand.work();
  });
  afterAll(() => stand.close());

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
});
