import { seeded } from '../../testing';
import { withTemporal } from '../temporal/env';
import { figure } from './figures';
import { chosen, type Course, courseOf, killAt, type Victim } from './kill-matrix';
import { init, operations } from './operations';
import { Stand } from './stand';

const all = process.env.KEELSON_TEST_ALL !== undefined;
const seed = Number(process.env.KEELSON_SEED || 20_261_130);
/** One operation alone, by its name: all of them as a whole take their time. */
const only = process.env.KEELSON_OPERATION || undefined;
const those = operations.filter(({ name }) => only === undefined || name === only);
/** Places of init, and of each other operation: a sample for the regular run. */
const most: Readonly<Record<Victim, readonly [number, number]>> = { 'Temporal worker': [18, 6], 'Temporal server': [18, 9], connection: [24, 6] };
jest.setTimeout(all ? 3_600_000 : 600_000);

withTemporal(`whatever dies at whatever step of ${those.map(({ name }) => name).join(', ')} (KEELSON_SEED=${seed})`, () => {
  let stand: Stand;
  let courses: readonly Course[];
  beforeAll(async () => {
    stand = await Stand.start();
    const worker = stand.work();
    courses = await Promise.all(those.map((operation) => courseOf(stand, operation)));
    worker.kill('SIGKILL');
  });
  afterAll(() => stand.close());

  test.each(Object.keys(most) as Victim[])('each ends well after the %s died, nothing is done twice and nothing again', async (victim) => {
    const some = courses.map((course) => chosen(course, seeded(seed), most[victim][course.operation === init ? 0 : 1]));
    const { killed, missed, wrong, rounds } = await killAt(stand, victim, some, all ? 10 : 3);
    expect(wrong).toEqual([]);
    figure(`places at which the ${victim} was not killed`, missed.join(', ') || 'none');
    const wanted = some.reduce((sum, { points }) => sum + points.length, 0);
    expect({ missed, enough: missed.length <= wanted * 0.1 }).toEqual({ missed, enough: true });
    for (const [at, { operation: { name } }] of some.entries()) {
      figure(`kills of the ${victim} in ${name}`, `${killed.get(name)} of ${courses[at]!.points.length} places, in ${rounds} rounds`);
    }
  });
});
