import { seeded } from '../../testing';
import { withTemporal } from '../temporal/env';
import { figure } from './figures';
import { chosen, init, killAt, type Operation, pointsOf, type Victim } from './kill-matrix';
import type { Point } from './kill-points';
import { Stand } from './stand';

const all = process.env.KEELSON_TEST_ALL !== undefined;
const seed = Number(process.env.KEELSON_SEED || 20_261_130);
jest.setTimeout(all ? 1_800_000 : 240_000);

withTemporal(`whatever dies at whatever step (KEELSON_SEED=${seed})`, () => {
  let stand: Stand;
  const places = new Map<string, Point[]>();
  beforeAll(async () => {
    stand = await Stand.start();
    const worker = stand.work();
    for (const operation of [init]) places.set(operation.name, await pointsOf(stand, operation));
    worker.kill('SIGKILL');
  });
  afterAll(() => stand.close());

  const kinds: readonly [Operation, Victim, number][] = [[init, 'Temporal worker', 24], [init, 'Temporal server', 24], [init, 'connection', 48]];
  test.each(kinds.map(([operation, victim, count]) => [operation.name, victim, count, operation] as const))(
    '%s ends well after the %s died, nothing is done twice and nothing again', async (name, victim, count, operation) => {
      const points = chosen(places.get(name) ?? [], seeded(seed), count);
      expect(points.length).toBeGreaterThanOrEqual(count);
      const { killed, wrong, rounds } = await killAt(stand, operation, victim, points, Math.ceil(points.length / (all ? 10 : 3)));
      expect(wrong).toEqual([]);
      // A place that is only passed when something is slow may not come up in every run.
      expect(killed).toBeGreaterThan(points.length * 0.7);
      figure(`kills of the ${victim} in ${name}`, `${killed} of ${places.get(name)?.length} places, in ${rounds} rounds`);
    },
  );
});
