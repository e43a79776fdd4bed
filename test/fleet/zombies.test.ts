import { stateDir } from '../../domain/host-paths';
import { type Moment, observe, ranTwice } from '../../testing';
import { withTemporal } from '../temporal/env';
import { lateWork } from './late-work';
import { commands, type Made, Stand, version } from './stand';
import { until } from './until';
import { Wire } from './wire';

jest.setTimeout(180_000);

/** Where the Temporal worker is when it is lost: one place per cluster. Each is a change that must not come late. */
const places: readonly ((moment: Moment, made: Made) => boolean)[] = [
  ({ host, name }, { workers }) => name === 'claim the host' && host === workers[0]!.host.address,
  ({ host, name }, { workers }) => name === 'put the files in place' && host === workers[0]!.host.address,
  ({ name, args }) => name === 'start a job' && args[0]!.endsWith('kubeadm-init'),
  ({ name, args }) => name === 'start a job' && args[0]!.endsWith('kubeadm-join'),
  ({ name, args }) => name === 'start a job' && /guest-app-.*-1$/.test(args[0]!),
  ({ name, args }) => name === 'mark' && args[0] === 'init',
];

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

  /** Loses the first Temporal worker with a command of each cluster under way, and has the second one finish. */
  async function lose(pause: () => () => void): Promise<Made[]> {
    const first = stand.work(wire.address);
    const made = await Promise.all(places.map(() => stand.cluster(1, 1)));
    const releases: (() => void)[] = [];
    let reached = 0;
    const plans = made.map((one, at) => {
      let once = false;
      return (moment: Moment) => {
        if (once || !one.hosts.some(({ host }) => host.address === moment.host) || !places[at]!(moment, one)) return undefined;
        once = true;
        reached += 1;
        return { kind: 'hold' as const, when: 'before' as const, arrived: true, until: new Promise<void>((release) => { releases.push(release); }) };
      };
    });
    stand.fleet.plans.push(...plans);
    const started = await Promise.all(made.map(({ cluster, spec }) => cluster.apply(spec)));
    await until('every place', 60_000, () => reached === places.length);

    const resume = pause();
    const second = stand.work();
    const ends = await Promise.all(made.map(({ cluster }, at) => cluster.end(started[at]!.operation)));
    expect(ends.map(({ outcome }) => outcome)).toEqual(places.map(() => 'Success'));
    // A copy of the state is left once the operation has ended: no late change, but one.
    await until('a copy of the state in each cluster', 30_000, () => made.every(({ hosts }) => hosts.some(({ host }) => host.files.text(`${stateDir}/state.json`) !== undefined)));
    const before = made.map(({ hosts }) => hosts.map(({ host }) => host.version));
    const seen = stand.fleet.journal.entries.length;

    // Only now its commands come through, and then it goes on as if nothing had been.
    for (const release of releases) release();
    resume();
    await until('a refusal in each cluster', 30_000, () => made.every(({ hosts }) => lateWork(stand.fleet.journal, hosts).refused > 0));
    await new Promise((resolve) => { setTimeout(resolve, 1_000); });
    expect(stand.fleet.journal.entries.length).toBeGreaterThan(seen);
    expect(made.map(({ hosts }) => hosts.map(({ host }) => host.version))).toEqual(before);
    stand.fleet.plans.splice(0);
    first.kill('SIGKILL');
    second.kill('SIGKILL');
    return made;
  }

  const check = (made: readonly Made[]): void => {
    for (const one of made) {
      expect(lateWork(stand.fleet.journal, one.hosts).changes).toEqual([]);
      expect(ranTwice(stand.fleet.journal, one.hosts)).toEqual([]);
      expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
    }
  };

  test('as a process that was stopped (SIGSTOP): every host refuses its changes', async () => {
    check(await lose(() => {
      const worker = stand.workers.at(-1)!;
      worker.kill('SIGSTOP');
      return () => worker.kill('SIGCONT');
    }));
  });

  test('from behind a network that was cut, to hosts and server: every host refuses its changes', async () => {
    check(await lose(() => {
      wire.pause();
      const flow = stand.fleet.all().map(({ ssh }) => ssh.stall());
      return () => {
        wire.resume();
        for (const go of flow) go();
      };
    }));
  });
});
