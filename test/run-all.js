/**
 * Runs every tier and ends with: seconds per step, the first words of each failed test, the figures that tests have told,
 * and as the last line 'N passed, N failed'. First the tiers that need no lab hosts, then those that do; in both two files
 * run side by side, as most of them wait more than they work. A step that fails does not hide the others.
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
const unsteady = [];

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

/** More failed files than this are no bad luck: they are not run again. */
const mostAgain = 6;

/**
 * What these look for may never happen, however seldom: one failure is a defect, and a second try proves nothing against it.
 */
const onceOnly = new RegExp(`^test/(${[
  'fleet/(kills|zombies|endings|faults|fault-scripts|host-keys|lost|cancel-while-away|cancelled-join|secret-answers|upgrade-failures)',
  'e2e/secrets', '[a-z]+/hostile-input',
].join('|')})\\.test\\.ts$`);

/**
 * Runs tiers. The files that fail run once more by themselves: what passes then is told as unsteady, with its first words,
 * and counts as passed, so that red means a defect and a race that needs mending still stands in the report.
 */
function jest(tiers, extra = []) {
  const first = jestOnce(tiers.join(', '), tiers, extra);
  const broken = first.filter(({ status, name }) => status === 'failed' && !onceOnly.test(relative(root, name).split(sep).join('/')));
  const again = broken.length > 0 && broken.length <= mostAgain
    ? jestOnce(`${tiers.join(', ')}, once more`, tiers, ['--runInBand', '--runTestsByPath', ...broken.map(({ name }) => name)]) : [];
  for (const result of first) {
    const second = again.find(({ name }) => name === result.name);
    if (second?.status === 'passed') unsteady.push(...wordsOf(result));
    count(second ?? result);
  }
  if (tiers.length > 1) seconds.push(...perTier(tiers, first));
}

/** The results of one run by file; what jest could not tell is a failure. */
function jestOnce(name, tiers, extra) {
  const output = join(dir, `${seconds.length}.json`);
  const ok = step(name, 'npx', ['jest', '--selectProjects', ...tiers, '--passWithNoTests', '--json', '--outputFile', output, ...extra]);
  try {
    const { testResults } = JSON.parse(readFileSync(output, 'utf8'));
    if (ok || testResults.some(({ status }) => status === 'failed')) return testResults;
  } catch {
    // Below.
  }
  failed += 1;
  failures.push(`${name}: jest did not come to its end`);
  return [];
}

function count(result) {
  const wrong = result.assertionResults.filter(({ status }) => status === 'failed').length;
  passed += result.assertionResults.filter(({ status }) => status === 'passed').length;
  // A suite that does not even load has no failed test; it still has failed.
  failed += result.status === 'failed' ? Math.max(wrong, 1) : 0;
  if (result.status === 'failed') failures.push(...wordsOf(result));
}

function wordsOf({ name, message, assertionResults }) {
  const file = relative(root, name);
  const wrong = assertionResults.filter(({ status }) => status === 'failed');
  if (wrong.length === 0) return [`${file}: ${firstWords(message)}`];
  return wrong.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstWords(failureMessages[0])}`);
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
jest(['unit', 'workflow', 'fleet'], ['--maxWorkers=2']);
jest(['hosts', 'e2e'], ['--maxWorkers=2']);
// Where a tier cannot run it was skipped with its reason, and what it would have executed is not to be asked for.
if (process.getuid?.() === 0 && spawnSync('podman', ['--version']).status === 0) {
  check('README commands', process.execPath, ['-r', './test/hosts/register.cjs', 'test/readme-check.ts']);
}

process.stdout.write('\nSeconds:\n');
for (const [name, took] of seconds) process.stdout.write(`${String(Math.round(took)).padStart(6)}  ${name}\n`);
if (unsteady.length > 0) process.stdout.write(`\nUnsteady (failed, and passed when run once more):\n${unsteady.map((line) => `  ${line}\n`).join('')}`);
if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.map((line) => `  ${line}\n`).join('')}`);
const told = linesOf(figures);
if (told.length > 0) process.stdout.write(`\nFigures:\n${told.map(({ what, value, unit }) => `  ${what}: ${value} ${unit}\n`).join('')}`);
rmSync(dir, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
