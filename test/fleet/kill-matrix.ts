import type { ChildProcess } from 'node:child_process';
import { observe, type Random, ranTwice, sample } from '../../testing';
import { Holder, inWords, type Point, Recorder } from './kill-points';
import { repeatedWork } from './repeated-work';
import { commands, type Made, type Stand, version } from './stand';
import { ended } from './temporal';
import { Wire } from './wire';

/** What dies at a point. */
export type Victim = 'Temporal worker' | 'Temporal server' | 'connection';

/** An operation that can be killed: how a cluster comes to where it begins, the operation, and what holds afterwards. */
export interface Operation {
  readonly name: string;
  readonly controlPlanes: number;
  readonly workers: number;
  prepare(made: Made): Promise<void>;
  run(made: Made): Promise<{ outcome: string; message: string }>;
  check(made: Made): string[];
}

/** Every place that the operation passes, from a run in which nothing dies. */
export async function pointsOf(stand: Stand, operation: Operation): Promise<Point[]> {
  const made = await stand.cluster(operation.controlPlanes, operation.workers);
  await operation.prepare(made);
  const recorder = new Recorder(made.hosts);
  stand.fleet.plans.unshift(recorder.plan);
  await operation.run(made);
  stand.fleet.plans.shift();
  await stand.fleet.remove(made.hosts);
  return recorder.points();
}

export interface Outcome {
  readonly killed: number;
  readonly rounds: number;
  readonly notReached: readonly Point[];
  readonly wrong: readonly string[];
}

/**
 * Kills at each of the points, many clusters side by side: each runs until it stands at one of its points, then the victim
 * dies for all of them at once, and they go on to their next points. Afterwards every operation has to have ended well.
 */
export async function killAt(stand: Stand, operation: Operation, victim: Victim, points: readonly Point[], clusters: number): Promise<Outcome> {
  const made = await Promise.all(Array.from({ length: clusters }, () => stand.cluster(operation.controlPlanes, operation.workers)));
  const worker = new Killable(stand);
  await worker.start();
  await Promise.all(made.map((one) => operation.prepare(one)));
  const holders = made.map(({ hosts }, at) => new Holder(hosts, points.filter((_point, number) => number % clusters === at)));
  const left = holders.map((_holder, at) => points.filter((_point, number) => number % clusters === at).length);
  if (victim === 'connection') stand.fleet.plans.push(...holders.map(({ plan }) => dropping(plan)));
  else stand.fleet.plans.push(...holders.map(({ plan }) => plan));
  const over = new Set<number>();
  const ends = made.map((one, at) => operation.run(one).finally(() => over.add(at)));
  for (const end of ends) end.catch(() => undefined);

  let rounds = 0;
  while (over.size < clusters) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    const all = holders.every(({ isHeld }, at) => isHeld || over.has(at));
    if (!all || over.size === clusters) continue;
    rounds += 1;
    await (victim === 'Temporal server' ? killServer(stand, holders) : worker.die(holders));
  }
  stand.fleet.plans.splice(-holders.length);
  const wrong: string[] = [];
  for (const [at, one] of made.entries()) {
    const { outcome, message } = await ends[at]!.catch((error: unknown) => ({ outcome: 'Error', message: String(error) }));
    const where = `${victim} killed ${holders[at]!.passed.map(inWords).join(', ')}`;
    const found = [
      ...(outcome === 'Success' ? [] : [`it ended ${outcome}: ${message}`]), ...operation.check(one),
      ...ranTwice(stand.fleet.journal, one.hosts), ...repeatedWork(stand.fleet.journal, one.hosts),
      ...one.hosts.flatMap(({ host }) => host.busyWith().map((what) => `${host.address} still runs ${what}`)),
    ];
    wrong.push(...found.map((what) => `${what} (${where})`));
    await stand.fleet.remove(one.hosts);
  }
  await worker.stop();
  const killed = holders.reduce((sum, { passed }) => sum + passed.length, 0);
  return { killed, rounds, wrong, notReached: killed === left.reduce((sum, count) => sum + count, 0) ? [] : points.filter((point) => !holders.some(({ passed }) => passed.includes(point))) };
}

/** The same points with a broken connection instead of a stop: nobody has to wait for anybody. */
const dropping = (plan: Holder['plan']): Holder['plan'] => (moment) => {
  const fault = plan(moment);
  if (fault?.kind !== 'hold') return fault;
  return moment.name.startsWith('job: ') ? undefined : { kind: 'drop', when: fault.when };
};

/** A Temporal worker behind a wire that can be paused: so its work can be done and not yet reported when it dies. */
class Killable {
  #child: ChildProcess | undefined;
  #wire: Wire | undefined;

  constructor(private readonly stand: Stand) {}

  async start(): Promise<void> {
    this.#wire = await Wire.to(this.stand.server.port);
    this.#child = this.stand.work(this.#wire.address);
  }

  async die(holders: readonly Holder[]): Promise<void> {
    this.#wire?.pause();
    for (const holder of holders) holder.release('reported');
    await quiet(this.stand);
    await this.stop();
    // What stood before its effect has lost its connection, and never happens; a job goes on without us.
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    for (const holder of holders) holder.release('before', 'after');
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.#child) await ended(this.#child, 'SIGKILL');
    this.#wire?.close();
  }
}

/** The server dies while commands are under way; they come to their ends while it is away. */
async function killServer(stand: Stand, holders: readonly Holder[]): Promise<void> {
  await stand.server.kill();
  for (const holder of holders) holder.release('before', 'after', 'reported');
  await quiet(stand);
  await stand.server.again();
}

/** Until no host has done anything for a moment. */
async function quiet(stand: Stand): Promise<void> {
  for (let before = -1; before !== stand.fleet.journal.entries.length;) {
    before = stand.fleet.journal.entries.length;
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
}

/** So many of the points, the seed's choice; all of them with KEELSON_TEST_ALL. */
export const chosen = (points: readonly Point[], random: Random, count: number): Point[] =>
  (process.env.KEELSON_TEST_ALL ? sample(random, points, points.length) : sample(random, points, count));

const whole = ({ cluster, controlPlanes, workers }: Made): string[] => observe({ name: cluster.name, version, controlPlanes, workers, commands });

/** From bare hosts to a cluster. */
export const init: Operation = {
  name: 'init', controlPlanes: 2, workers: 1, prepare: () => Promise.resolve(), run: ({ cluster, spec }) => cluster.converge(spec), check: whole,
};
