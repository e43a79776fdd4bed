import fc from 'fast-check';

/**
 * Jest loads this before each test file. Properties draw the same cases on every run, so that CI is not red by chance;
 * `KEELSON_SEED=<number>` draws others, `KEELSON_SEED=random` draws the seed itself (in jest.config.js, one for all files).
 */
const standing = 20_261_130;
const given = process.env.KEELSON_SEED || String(standing);
if (!/^-?\d+$/.test(given)) throw new Error(`KEELSON_SEED is '${given}': a whole number, or 'random'`);

fc.configureGlobal({
  seed: Number(given),
  reporter: (run) => {
    if (!run.failed) return;
    throw new Error(`${fc.defaultReportMessage(run)}\n\nThe same cases again: KEELSON_SEED=${run.seed}`, { cause: run.errorInstance });
  },
});
