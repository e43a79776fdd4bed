import { type Moment, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { type LatePlace, latePlaces } from './late-places';
import { lateWork } from './late-work';
import { Stand } from './stand';
import { until } from './until';
import { Wire } from './wire';

jest.setTimeout(600_000);
/** Before this nobody can have noticed that his connection to a host is dead: see KEEPALIVE_MS. */
const noticedAfterMs = 30_000;

withTemporal('a Temporal worker that was given up and comes back', () => {
  let stand: Stand;
  let wire: Wire;
  beforeAll(async () => {
    stand = await Stand.start();
    wire = await Wire.to(stand.server.port);
  });
  afterAll(async () => {
    wire.close();
    await stand.close();
  });

  /** Loses the first Temporal worker with a command of each cluster under way, has the second one finish, and the first one come back. Gives the places where no host refused anything. */
  async function lose(places: readonly LatePlace[], pause: () => () => void): Promise<string[]> {
    const first = stand.work(wire.address);
    const made = await Promise.all(places.map(() => stand.cluster(1, 1)));
    await Promise.all(places.map(async ({ prepare }, at) => prepare?.(made[at]!)));
    const releases: (() => void)[] = [];
    const missing = new Set(places.map(({ what }) => what));
    const plans = made.map((one, at) => (moment: Moment) => {
      const { what, holds } = places[at]!;
      if (!missing.has(what) || !one.hosts.some(({ host }) => host.address === moment.host) || !holds(moment, one)) return undefined;
      missing.delete(what);
      return { kind: 'hold' as const, when: 'before' as const, arrived: true, until: new Promise<void>((release) => { releases.push(release); }) };
    });
    stand.fleet.plans.push(...plans);
    const started = await Promise.all(places.map(({ begin }, at) => begin(made[at]!)));
    await until(() => `every place (missing: ${[...missing].join('; ')})`, 180_000, () => missing.size === 0);

    const resume = pause();
    const second = stand.work();
    const now = await Promise.all(places.map(async ({ what, afterwards }, at) => {
      const one = made[at]!;
      expect({ what, ...await one.cluster.end(started[at]!) }).toMatchObject({ what, outcome: 'Success' });
      return await afterwards?.(one, stand) ?? one;
    }));
    // A copy of the state is left once the operation has ended: no late change, but one.
    await Promise.all(now.map(({ cluster }) => cluster.idle()));
    const before = made.map(({ hosts }) => hosts.map(({ host }) => host.version));
    const seen = stand.fleet.journal.entries.length;

    const late = (at: number) => lateWork(stand.fleet.journal, made[at]!.hosts);
    const without = (what: 'refused' | 'over'): string[] => places.filter((_place, at) => late(at)[what] === 0).map((place) => place.what);
    // Only now its commands come through, and then it goes on as if nothing had been.
    for (const release of releases) release();
    resume();
    await until(() => `the end of each late command (missing: ${without('over').join('; ')})`, 60_000, () => without('over').length === 0);
    await new Promise((resolve) => { setTimeout(resolve, 1_000); });
    expect(stand.fleet.journal.entries.length).toBeGreaterThan(seen);
    expect(made.map(({ hosts }) => hosts.map(({ host }) => host.version))).toEqual(before);
    stand.fleet.plans.splice(0);
    first.kill('SIGKILL');
    second.kill('SIGKILL');
    for (const [at, { what, wrong }] of places.entries()) {
      const twice = ranTwice(stand.fleet.journal, made[at]!.hosts);
      expect({ what, late: late(at).changes, twice, wrong: wrong(now[at]!) }).toEqual({ what, late: [], twice: [], wrong: [] });
    }
    const unrefused = without('refused');
    await stand.fleet.remove(made.flatMap(({ hosts }) => hosts));
    return unrefused;
  }

  test('as a process that was stopped (SIGSTOP): every host refuses its changes', async () => {
    expect(await lose(latePlaces, () => {
      const worker = stand.workers.at(-1)!;
      worker.kill('SIGSTOP');
      return () => worker.kill('SIGCONT');
    })).toEqual([]);
  });

  test('from behind a network that was cut, to hosts and server: no change of it comes late', async () => {
    const some = latePlaces.filter(({ cut }) => cut);
    let [cutAt, backAt] = [0, 0];
    const unrefused = await lose(some, () => {
      cutAt = Date.now();
      wire.pause();
      const flow = stand.fleet.all().map(({ ssh }) => ssh.stall());
      return () => {
        backAt = Date.now();
        wire.resume();
        for (const go of flow) go();
      };
    });
    // Who notices in time that his connection is dead comes by another one, and ends his own command there: on a slow machine all do.
    if (backAt - cutAt < noticedAfterMs) expect(unrefused.length).toBeLessThan(some.length);
  });
});
