import { leftBehind, type Random, ranTwice, sample } from '../../testing';
import { effectsOf, otherEffects } from './effects';
import { Holder, inWords, type Point, Recorder } from './kill-points';
import { Killable, killServer } from './killable';
import type { Operation } from './operations';
import { repeatedWork } from './repeated-work';
import type { Made, Stand } from './stand';

/** What dies at a point. */
export type Victim = 'Temporal worker' | 'Temporal server' | 'connection';

/** An operation as it goes when nothing dies. */
export interface Course {
  readonly operation: Operation;
  /** Every place that it passes. */
  readonly points: readonly Point[];
  /** What it does to hosts and must not do twice. */
  readonly effects: readonly string[];
}

const next = ({ fleet: { journal } }: Stand): number => (journal.entries.at(-1)?.at ?? -1) + 1;

/** Has the operation run once, without any harm. A Temporal worker has to be there. */
export async function courseOf(stand: Stand, operation: Operation): Promise<Course> {
  const made = await stand.cluster(operation.controlPlanes, operation.workers);
  await operation.prepare(made);
  const from = next(stand);
  const recorder = new Recorder(made.hosts);
  stand.fleet.plans.unshift(recorder.plan);
  const { outcome, message } = await operation.run(made);
  stand.fleet.plans.splice(stand.fleet.plans.indexOf(recorder.plan), 1);
  const wrong = [...(outcome === 'Success' ? [] : [message]), ...operation.check(made)];
  if (wrong.length > 0) throw new Error(`${operation.name} without any harm: ${wrong.join('; ')}`);
  const effects = effectsOf(stand.fleet.journal, made.hosts, from);
  await stand.fleet.remove(made.hosts);
  return { operation, points: recorder.points(), effects };
}

export interface Outcome {
  /** Places that came up, by operation. */
  readonly killed: ReadonlyMap<string, number>;
  /** Places that did not, in words: such as are only passed when something is slow, or that the one before has cut off. */
  readonly missed: readonly string[];
  readonly rounds: number;
  readonly wrong: readonly string[];
}

/** A cluster and the places at which something dies in it. */
interface Lane {
  readonly course: Course;
  readonly made: Made;
  readonly holder: Holder;
  from: number;
}

/**
 * Kills at each of the points of each operation, many clusters side by side, so many points in each: every one runs until it
 * stands at one of its points, then the victim dies for all of them at once, and they go on to their next points. Afterwards
 * every operation has to have ended well.
 */
export async function killAt(stand: Stand, victim: Victim, courses: readonly Course[], pointsEach: number): Promise<Outcome> {
  const lanes = (await Promise.all(courses.map((course) => lanesOf(stand, course, pointsEach)))).flat();
  const worker = new Killable(stand);
  await worker.start();
  await Promise.all(lanes.map(({ course, made }) => course.operation.prepare(made)));
  for (const lane of lanes) lane.from = next(stand);
  const plans = lanes.map(({ holder }) => (victim === 'connection' ? dropping(holder.plan) : holder.plan));
  stand.fleet.plans.push(...plans);
  const over = new Set<Lane>();
  const ends = lanes.map((lane) => lane.course.operation.run(lane.made).finally(() => over.add(lane)));
  for (const end of ends) end.catch(() => undefined);

  let rounds = 0;
  while (over.size < lanes.length) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    const all = lanes.every((lane) => lane.holder.isHeld || over.has(lane));
    if (!all || over.size === lanes.length) continue;
    rounds += 1;
    const holders = lanes.map(({ holder }) => holder);
    await (victim === 'Temporal server' ? killServer(stand, holders) : worker.die(holders));
  }
  stand.fleet.plans.splice(0, stand.fleet.plans.length, ...stand.fleet.plans.filter((plan) => !plans.includes(plan)));
  const wrong: string[] = [];
  for (const [at, lane] of lanes.entries()) {
    const end = await ends[at]!.catch((error: unknown) => ({ outcome: 'Error', message: String(error) }));
    wrong.push(...judged(stand, lane, end).map((what) => `${lane.course.operation.name}: ${what} (${victim} killed ${lane.holder.passed.map(inWords).join(', ')})`));
    await stand.fleet.remove(lane.made.hosts);
  }
  await worker.stop();
  const killed = new Map<string, number>();
  for (const { course: { operation: { name } }, holder } of lanes) killed.set(name, (killed.get(name) ?? 0) + holder.passed.length);
  const missed = lanes.flatMap(({ course, holder }) => holder.missed.map((point) => `${course.operation.name}: ${inWords(point)}`));
  return { killed, missed, rounds, wrong };
}

async function lanesOf(stand: Stand, course: Course, pointsEach: number): Promise<Lane[]> {
  const { operation: { controlPlanes, workers }, points } = course;
  const count = Math.ceil(points.length / pointsEach);
  return Promise.all(Array.from({ length: count }, async (_nothing, lane): Promise<Lane> => {
    const made = await stand.cluster(controlPlanes, workers);
    return { course, made, holder: new Holder(made.hosts, points.filter((_point, number) => number % count === lane)), from: 0 };
  }));
}

/** What is wrong with an operation in which something died. */
function judged({ fleet: { journal } }: Stand, { course, made, from }: Lane, { outcome, message }: { outcome: string; message: string }): string[] {
  return [
    ...(outcome === 'Success' ? [] : [`it ended ${outcome}: ${message}`]), ...course.operation.check(made),
    ...otherEffects(course.effects, effectsOf(journal, made.hosts, from)), ...ranTwice(journal, made.hosts), ...repeatedWork(journal, made.hosts),
    ...leftBehind(made.hosts).map((what) => `there still is ${what}`),
  ];
}

/** The same points with a broken connection instead of a stop: nobody has to wait for anybody. */
const dropping = (plan: Holder['plan']): Holder['plan'] => (moment) => {
  const fault = plan(moment);
  if (fault?.kind !== 'hold') return fault;
  return moment.name.startsWith('job: ') ? undefined : { kind: 'drop', when: fault.when };
};

/** The course with so many of its points, the seed's choice; all of them with KEELSON_TEST_ALL. */
export const chosen = (course: Course, random: Random, count: number): Course =>
  ({ ...course, points: sample(random, course.points, process.env.KEELSON_TEST_ALL ? course.points.length : count) });
