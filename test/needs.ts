/** `test` where what it needs is there. Elsewhere it is skipped and says why; under CI=true that is a failure, never a skip. */
export function needs(isThere: boolean, why: string): typeof test | typeof test.skip {
  if (isThere) return test;
  if (process.env.CI === 'true') throw new Error(`tests of this file need ${why}`);
  process.stderr.write(`skipped: tests that need ${why}\n`);
  return test.skip;
}
