import { leftBehind, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { costOf } from './scale';
import { commands, type Made, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(300_000);

/** `make bench-hosts` has the same for a thousand hosts, and what it costs. */
withTemporal('a large cluster', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const wrongIn = (made: Made): string[] =>
    [...observe({ name: made.cluster.name, version, ...made, commands }), ...leftBehind(made.hosts), ...ranTwice(stand.fleet.journal, made.hosts)];

  test('of 150 hosts is made, and what Temporal keeps of each of them is small', async () => {
    const made = await stand.cluster(3, 147);
    const cost = await costOf(stand, made, { ...made.spec, policy: { ...made.spec.policy, parallel: 50 } });
    expect(cost).toMatchObject({ outcome: 'Success', runs: 1 });
    expect(wrongIn(made)).toEqual([]);
    // A thousand hosts are to fit into 40 000 events and 35 MiB, after which an operation goes on as a new run.
    expect(cost.events / 150).toBeLessThan(40);
    expect(cost.historyBytes / 150).toBeLessThan(35 * 1024);
    expect(cost.largest.bytes).toBeLessThan(256 * 1024);
  });

  test('whose history has grown long goes on as a new run, and nothing is done twice', async () => {
    const made = await stand.cluster(3, 9);
    const cost = await costOf(stand, made, { ...made.spec, policy: { ...made.spec.policy, longHistory: 200 } });
    expect(cost.outcome).toBe('Success');
    expect(cost.runs).toBeGreaterThan(1);
    expect(cost.events).toBeLessThan(400);
    expect(wrongIn(made)).toEqual([]);
  });
});
