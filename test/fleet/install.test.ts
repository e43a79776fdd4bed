import { leftBehind, observe, ranTwice } from '../../testing';
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
});
