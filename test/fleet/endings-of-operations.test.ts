import { sample, seeded } from '../../testing';
import { withTemporal } from '../temporal/env';
import { figure } from './figures';
import { busy, hangs } from './hanging';
import { courseOf } from './kill-matrix';
import { init, type Operation, operations } from './operations';
import { type Made, Stand } from './stand';
import { handsOn } from './tasks';
import { until } from './until';

const seed = Number(process.env.KEELSON_SEED || 20_261_130);
const all = process.env.KEELSON_TEST_ALL;
jest.setTimeout(all ? 1_800_000 : 360_000);
const atOnce = 8;

/** A command, or the inside of a job, of an operation on a cluster that lives. */
interface Place {
  readonly operation: Operation;
  readonly name: string;
}

withTemporal(`a command that never ends, on a cluster that lives (KEELSON_SEED=${seed})`, () => {
  let stand: Stand;
  /** Of operations that change the cluster, and of what people do beside them. */
  let places: readonly [Place[], Place[]];
  beforeAll(async () => {
    stand = await Stand.start({ patienceMs: 5_000 });
    const patient = stand.work(stand.server.address, Infinity);
    const placesOf = async (some: readonly Operation[]): Promise<Place[]> => {
      const courses = await Promise.all(some.map((operation) => courseOf(stand, operation)));
      return courses.flatMap(({ operation, points }) => [...new Set(points.map(({ name }) => name))].map((name) => ({ operation, name })));
    };
    places = await Promise.all([placesOf(operations.filter((one) => one !== init)), placesOf(handsOn(stand))]);
    patient.kill('SIGKILL');
    stand.work();
  }, 360_000);
  afterAll(() => stand.close());

  /** How the operation ended, and what is wrong with that or with the next one. */
  const hanging = async ({ operation, name }: Place): Promise<{ outcome: string; wrong: string[] }> => {
    const made = await stand.cluster(operation.controlPlanes, operation.workers);
    const one: Made = { ...made, spec: { ...made.spec, policy: { ...made.spec.policy, noWait: true } } };
    await operation.prepare(one);
    let hung = false;
    const plan = stand.breaks(hangs(one, name, () => { hung = true; }));
    const { outcome, message } = await operation.run(one);
    plan.mend();
    const wrong: string[] = [];
    if (outcome !== 'Success' && !/did not end within|did not happen within|still has/.test(message)) wrong.push(`it ended ${outcome}: ${message}`);
    if (!hung) wrong.push('it was never told');
    await until(`nothing of ${operation.name}, ${name}, is left`, 60_000, () => busy(one).length === 0);
    if (outcome !== 'Success') {
      await one.cluster.idle();
      const again = await operation.run(one);
      if (again.outcome !== 'Success') wrong.push(`the next one ended ${again.outcome}: ${again.message}`);
    }
    wrong.push(...operation.check(one));
    await one.cluster.idle();
    await stand.fleet.remove(made.hosts);
    return { outcome, wrong: wrong.map((what) => `${operation.name}, ${name}: ${what}`) };
  };

  test('ends in a typed time-out, or is done without; nothing of it stays on any host, and the next operation ends well (peers.md #24)', async () => {
    // Always among them: what a reset goes on without and no look at what is left shows, and what a join does when it has joined.
    const [ofOperations, byHand] = places;
    const known = ['scale down, take the lines out of /etc/hosts', 'reset, stop the kubelet', 'reset, remove the files of the cluster', 'scale up, restart kube-proxy'];
    const names = ofOperations.filter(({ operation, name }) => known.includes(`${operation.name}, ${name}`));
    expect(names).toHaveLength(known.length);
    const which = all ? places.flat() : [...names, ...sample(seeded(seed), ofOperations.filter((place) => !names.includes(place)), 7), ...sample(seeded(seed), byHand, 7)];
    const left = [...which];
    const ends: Awaited<ReturnType<typeof hanging>>[] = [];
    const lane = async (): Promise<void> => { for (let next = left.shift(); next; next = left.shift()) ends.push(await hanging(next)); };
    await Promise.all(Array.from({ length: atOnce }, lane));
    expect(ends.flatMap(({ wrong }) => wrong)).toEqual([]);
    figure('commands of operations that were made to hang', `${which.length} of ${places.flat().length}: ${ends.filter(({ outcome }) => outcome !== 'Success').length} typed time-outs, the others done without`);
  });
});
