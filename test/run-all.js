/**
 * Runs every tier and ends with one line: 'N passed, N failed'. The tiers that share the machine's two cores and its lab
 * hosts run one after another; a tier that fails does not hide the others.
 */
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const dir = mkdtempSync(join(tmpdir(), 'keelson-test-'));
const root = join(__dirname, '..');
let passed = 0;
let failed = 0;

function step(name, command, args) {
  const began = Date.now();
  process.stdout.write(`\n=== ${name}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  process.stdout.write(`=== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${Math.round((Date.now() - began) / 1000)} s\n`);
  return status === 0;
}

function check(name, command, args) {
  if (step(name, command, args)) passed += 1;
  else failed += 1;
}

function jest(name, projects, extra = []) {
  const output = join(dir, `${name}.json`);
  const ok = step(name, 'npx', ['jest', '--selectProjects', ...projects, '--json', '--outputFile', output, ...extra]);
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(output, 'utf8'));
    passed += numPassedTests;
    // A suite that does not even load has no failed test; it still has failed.
    failed += numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0);
    if (!ok && numFailedTests + numFailedTestSuites === 0) failed += 1;
  } catch {
    failed += 1;
  }
}

check('types and lint', 'npm', ['run', '-s', 'check']);
jest('unit', ['unit']);
jest('workflow', ['workflow'], ['--runInBand']);
jest('fleet', ['fleet'], ['--runInBand']);
jest('hosts', ['hosts'], ['--runInBand']);
jest('e2e', ['e2e'], ['--runInBand']);

rmSync(dir, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
