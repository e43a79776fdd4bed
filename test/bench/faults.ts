import { faultyInstalls, words } from '../fleet/faulty-installs';
import { figure } from '../fleet/figures';
import { Stand } from '../fleet/stand';

/** `make bench-faults`: INSTALLS=2000 RATE=0.04 PARALLEL=24 KEELSON_SEED=1. Prints the number. */
async function main(): Promise<void> {
  const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
  const wanted = { installs: number('INSTALLS', 2000), rate: number('RATE', 0.04), parallel: number('PARALLEL', 24), seed: number('KEELSON_SEED', 1), withinMs: 600_000 };
  process.stdout.write(`${wanted.installs} installs, ${wanted.rate * 100} % of commands go wrong, KEELSON_SEED=${wanted.seed}\n`);
  const stand = await Stand.start({ patienceMs: 3_000 });
  stand.keepWorking((how) => { process.stdout.write(`${how}\n`); });
  try {
    const every = Math.ceil(wanted.installs / 20);
    const figures = await faultyInstalls(stand, {
      ...wanted, progress: ({ done, failed }) => { if (done % every === 0) process.stdout.write(`${done} done, ${failed} failed\n`); },
      wrong: (words) => { process.stdout.write(`${words}\n`); },
    });
    process.stdout.write(`${words(figures)}\n`);
    figure('installs at 4 % faults that succeed', `${figures.succeeded} of ${figures.installs}, ${figures.falseSuccesses.length} false successes`);
    process.exitCode = figures.succeeded === figures.installs && figures.falseSuccesses.length === 0 ? 0 : 1;
  } catch (error) {
    // Before the stand closes: what still goes on then fails with words of its own.
    console.error(error);
    throw error;
  } finally {
    await stand.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
