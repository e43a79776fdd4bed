import { randomInt } from 'node:crypto';
import { pick, type Random, sample, seeded } from '../../testing';
import { faultyInstalls, words } from '../fleet/faulty-installs';
import { courseOf, killAt, type Victim } from '../fleet/kill-matrix';
import { operations } from '../fleet/operations';
import { Stand } from '../fleet/stand';

/**
 * `make soak`: kills at places of chance and installs at 4 % faults, one round after the other, each with a seed of its own
 * that is printed first. For MINUTES=60, or until somebody ends it; the first thing that is wrong ends it, too.
 */
async function main(): Promise<void> {
  const until = Date.now() + Number(process.env.MINUTES ?? Infinity) * 60_000;
  for (let round = 1; Date.now() < until; round += 1) {
    const seed = Number(process.env.KEELSON_SEED || randomInt(2 ** 31));
    process.stdout.write(`round ${round}: KEELSON_SEED=${seed}\n`);
    const random = seeded(seed);
    const wrong = [...await faults(seed), ...await kills(random)];
    process.stdout.write(wrong.map((line) => `WRONG ${line}\n`).join(''));
    if (wrong.length > 0) throw new Error(`something is wrong; the same again: KEELSON_SEED=${seed} make soak`);
  }
}

/** Installs at 4 % faults. Gives what is wrong. */
async function faults(seed: number): Promise<readonly string[]> {
  const stand = await Stand.start({ patienceMs: 3_000 });
  try {
    stand.keepWorking((how) => { process.stdout.write(`${how}\n`); });
    const figures = await faultyInstalls(stand, { installs: 60, rate: 0.04, seed, parallel: 20, withinMs: 300_000 });
    process.stdout.write(`${words(figures)}\n`);
    return [...figures.failures, ...figures.falseSuccesses];
  } finally {
    await stand.close();
  }
}

/** One victim, killed at places of one operation. Gives what is wrong. */
async function kills(random: Random): Promise<readonly string[]> {
  const stand = await Stand.start({ patienceMs: 3_000 });
  try {
    const worker = stand.work();
    const victim = pick(random, ['Temporal worker', 'Temporal server', 'connection'] as const satisfies readonly Victim[]);
    const course = await courseOf(stand, pick(random, operations));
    worker.kill('SIGKILL');
    const { killed, missed, wrong } = await killAt(stand, victim, [{ ...course, points: sample(random, course.points, 36) }], 3);
    process.stdout.write(`${victim} killed at ${killed.get(course.operation.name)} places of ${course.operation.name}${missed.length > 0 ? `, not at ${missed.join(', ')}` : ''}\n`);
    return wrong;
  } finally {
    await stand.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
