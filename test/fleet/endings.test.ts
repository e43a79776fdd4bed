import { observe, sample, seeded } from '../../testing';
import { withTemporal } from '../temporal/env';
import { figure } from './figures';
import { busy, hangs } from './hanging';
import { courseOf } from './kill-matrix';
import { init } from './operations';
import { commands, type Made, Stand, version } from './stand';
import { until } from './until';

const seed = Number(process.env.KEELSON_SEED || 20_261_130);
const some = process.env.KEELSON_TEST_ALL ? Infinity : 16;
jest.setTimeout(600_000);

withTemporal(`a command that never ends (KEELSON_SEED=${seed})`, () => {
  /** Every command of an install, and the insides of its jobs. */
  let names: string[];
  let stand: Stand;
  const hung = new Set<Made>();
  beforeAll(async () => {
    stand = await Stand.start({ patienceMs: 3_000 });
    const worker = stand.work(stand.server.address, Infinity);
    names = [...new Set((await courseOf(stand, init)).points.map(({ name }) => name))];
    worker.kill('SIGKILL');
  });
  afterAll(() => stand.close());

  const hanging = async (which: readonly string[], noWait: boolean): Promise<Made[]> => {
    const made = await Promise.all(which.map(() => stand.cluster(2, 1)));
    hung.clear();
    stand.fleet.plans.splice(0);
    stand.fleet.plans.push(...made.map((one, at) => hangs(one, which[at]!, () => hung.add(one))));
    return made.map((one) => ({ ...one, spec: { ...one.spec, policy: { ...one.spec.policy, noWait } } }));
  };

  test('ends in a typed time-out, or is done without, and nothing of it stays on any host (peers.md #24)', async () => {
    const worker = stand.work();
    const which = sample(seeded(seed), names, some);
    const made = await hanging(which, true);
    const ends = await Promise.all(made.map(async ({ cluster, spec }) => cluster.end((await cluster.apply(spec)).operation)));
    for (const [at, { outcome, message }] of ends.entries()) {
      // What only helps (pulling ahead, deleting a token that ends by itself) may fail, and the install goes on.
      if (outcome === 'Success') expect(observe({ name: made[at]!.cluster.name, version, ...made[at]!, commands })).toEqual([]);
      else {
        expect(`${which[at]}: ${message}`).toMatch(/did not end within|did not happen within/);
        const { conditions } = await made[at]!.cluster.status('init-1');
        expect(conditions.filter(({ status }) => status === 'False').map(({ reason }) => reason)).toEqual(expect.arrayContaining([expect.stringMatching(/^(CommandTimedOut|PreflightFailed)$/)]));
      }
      await until(`nothing of ${which[at]} is left on ${made[at]!.hosts.map(({ host }) => host.address).join(', ')}`, 60_000, () => busy(made[at]!).length === 0);
    }
    figure('commands that were made to hang', `${which.length} of ${names.length}: ${ends.filter(({ outcome }) => outcome !== 'Success').length} typed time-outs, ${ends.filter(({ outcome }) => outcome === 'Success').length} done without`);
    worker.kill('SIGKILL');
  });

  test('is ended by a cancel on every host, the operation says that it was cancelled, and the next one finishes', async () => {
    // With all the patience of the product: it is the cancel that ends them.
    const patient = await Stand.start();
    const before = stand;
    stand = patient;
    try {
      patient.work();
      // A join is let go on to its end for three minutes, for etcd's sake: it is not among them.
      const which = ['put the files in place', 'pull container images', 'job: image script', 'job: kubeadm init', 'job: guest command', 'wait for Ready nodes', 'what the registry lacks'];
      const made = await hanging(which, false);
      await Promise.all(made.map(({ cluster, spec }) => cluster.apply(spec)));
      await until(() => `every hang (missing: ${which.filter((_name, at) => ![...hung].some(({ cluster }) => cluster === made[at]!.cluster)).join('; ')})`, 300_000, () => hung.size === made.length);
      const marks = made.map(({ hosts }) => hosts.map(({ host }) => host.marks()));
      await Promise.all(made.map(({ cluster }) => cluster.cancel()));
      const ends = await Promise.all(made.map(({ cluster }) => cluster.end('init-1')));
      expect(ends.map(({ outcome }) => outcome)).toEqual(which.map(() => 'Cancelled'));
      for (const [at, one] of made.entries()) {
        await until(`nothing of ${which[at]} is left`, 30_000, () => busy(one).length === 0);
      }
      // A wait that was cut off marks nothing as done.
      expect(made.map(({ hosts }) => hosts.map(({ host }) => host.marks().filter((mark) => !marks.flat(2).includes(mark))))).toEqual(made.map(({ hosts }) => hosts.map(() => [])));
      const again = await Promise.all(made.map(async ({ cluster, spec }) => {
        await cluster.idle();
        return cluster.end((await cluster.apply(spec)).operation);
      }));
      expect(again.map(({ outcome }) => outcome)).toEqual(which.map(() => 'Success'));
      for (const one of made) expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
    } finally {
      stand = before;
      await patient.close();
    }
  });
});
