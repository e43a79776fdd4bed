/**
 * Runs every tier and ends with: seconds per step, the first words of each failed test, the figures that tests have told,
 * and as the last line 'N passed, N failed'. The tiers that need no lab hosts run side by side; those that share the hosts
 * and the two cores one after another. A step that fails does not hide the others.
 */
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, relative, sep } = require('node:path');

const dir = mkdtempSync(join(tmpdir(), 'keelson-test-'));
const root = join(__dirname, '..');
const figures = process.env.KEELSON_FIGURES ?? join(dir, 'figures');
const commands = process.env.KEELSON_COMMANDS ?? join(dir, 'commands');
const env = { ...process.env, KEELSON_FIGURES: figures, KEELSON_COMMANDS: commands };
let passed = 0;
let failed = 0;
const seconds = [];
const failures = [];

function step(name, command, args) {
  const began = Date.now();
  process.stdout.write(`\n=== ${name}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  const took = (Date.now() - began) / 1000;
  process.stdout.write(`=== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${Math.round(took)} s\n`);
  seconds.push([name, took]);
  return status === 0;
}

function check(name, command, args) {
  if (step(name, command, args)) passed += 1;
  else {
    failed += 1;
    failures.push(`${name}: its output is above`);
  }
}

/** The tier of a test file, by its folder. */
function tierOf(file) {
  const [, folder = ''] = relative(root, file).split(sep);
  return { temporal: 'workflow', fleet: 'fleet', hosts: 'hosts', e2e: 'e2e' }[folder] ?? 'unit';
}

const firstWords = (text = '') => text.replace(/\u001b\[[0-9;]*m/g, '').split('\n').map((line) => line.trim()).filter(Boolean).slice(0, 2).join(' ').slice(0, 200);

function jest(tiers, extra = []) {
  const name = tiers.join(', ');
  const output = join(dir, `${tiers.join('-')}.json`);
  const ok = step(name, 'npx', ['jest', '--selectProjects', ...tiers, '--passWithNoTests', '--json', '--outputFile', output, ...extra]);
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(output, 'utf8'));
    passed += numPassedTests;
    // A suite that does not even load has no failed test; it still has failed.
    failed += numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0);
    if (!ok && numFailedTests + numFailedTestSuites === 0) failed += 1;
    for (const { name: file, status, message, assertionResults } of testResults) {
      const wrong = assertionResults.filter((one) => one.status === 'failed');
      for (const { fullName, failureMessages } of wrong) failures.push(`${relative(root, file)}: ${fullName}: ${firstWords(failureMessages[0])}`);
      if (status === 'failed' && wrong.length === 0) failures.push(`${relative(root, file)}: ${firstWords(message)}`);
    }
    if (tiers.length > 1) seconds.push(...perTier(tiers, testResults));
  } catch {
    failed += 1;
    failures.push(`${name}: jest did not come to its end`);
  }
}

/** From the first start to the last end of each tier's files: they ran side by side. */
function perTier(tiers, results) {
  return tiers.map((tier) => {
    const own = results.filter(({ name, startTime }) => tierOf(name) === tier && startTime > 0);
    return [`  ${tier}`, own.length === 0 ? 0 : (Math.max(...own.map(({ endTime }) => endTime)) - Math.min(...own.map(({ startTime }) => startTime))) / 1000];
  });
}

function linesOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line)) : [];
}

// `make test` has done these before it came here.
if (process.env.MAKELEVEL) writeFileSync(commands, `${JSON.stringify({ shell: 'make build images && make build && make images && make setup && make temporal' })}\n`, { flag: 'a' });
check('types and lint', 'npm', ['run', '-s', 'check']);
jest(['unit', 'workflow', 'fleet'], ['--maxWorkers=3']);
jest(['hosts'], ['--runInBand']);
jest(['e2e'], ['--runInBand']);
process.stdout.write('\nSeconds:\n');
for (const [name, took] of seconds) process.stdout.write(`${String(Math.round(took)).padStart(6)}  ${name}\n`);
if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.map((line) => `  ${line}\n`).join('')}`);
const told = linesOf(figures);
if (told.length > 0) process.stdout.write(`\nFigures:\n${told.map(({ what, value, unit }) => `  ${what}: ${value} ${unit}\n`).join('')}`);
rmSync(dir, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
