const { spawn } = require('node:child_process');
const { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { freshHosts, key, removeHosts, watchNodes } = require('./lab');
const { sampleMemory } = require('./memory');
const { layouts } = require('./prepare');

const group = 'benchkeel';
const cli = join(__dirname, '..', '..', 'dist', 'client', 'main.js');
const references = ['kubernetes', 'flannel'].map((name) => `localhost/keelson/${name}:latest`);

/** @typedef {import('./by-hand').Round & { memory: number | undefined }} KeelsonRound memory in MiB, the most there was */

/** Runs the CLI in a home, and gives what it printed. @param {string} home @param {string[]} args @returns {Promise<string>} */
function keelson(home, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, KEELSON_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk) => { out += String(chunk); });
    child.stderr.on('data', (chunk) => { errors += String(chunk); });
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`keelson ${args.join(' ')}: exit code ${code}\n${errors}${out.slice(-4000)}`))));
  });
}

const newHome = () => mkdtempSync(join(tmpdir(), 'keelson-bench-home-'));

/** @param {string} home */
async function loadImages(home) {
  for (const [name, layout] of Object.entries(layouts())) await keelson(home, ['load', '-i', layout, '--name', `localhost/keelson/${name}:latest`]);
}

/** A home whose store has the images, unpacked, for warm rounds to share; `remove` takes it away. */
async function warmStore() {
  const home = newHome();
  await loadImages(home);
  // A plan looks at hosts and images as an install does, and unpacks the latter.
  const [leader] = freshHosts(group, 1).map(({ address }) => address);
  try {
    await keelson(home, ['plan', ...references, '--masters', leader, '--pk', key(), '--yes']);
  } finally {
    await keelson(home, ['local', 'stop']);
    removeHosts(group);
  }
  return { store: join(home, 'store'), remove: () => rmSync(home, { recursive: true, force: true }) };
}

/**
 * The jobs of an operation as spans. Its checks run once more at the end, and the status has the times of the last run: so
 * what comes before the first file, and what comes after the last job, are one span each.
 * @param {{ stages: { name: string, jobs: object[] }[] }} status @param {number} began @param {number} end of the command
 * @returns {import('./by-hand').Span[]}
 */
function spansOf(status, began, end) {
  const seconds = (/** @type {string} */ iso) => Date.parse(iso) / 1000 - began;
  const jobs = status.stages.filter(({ name }) => !['Check', 'PreProcess', 'RunConfig'].includes(name)).flatMap(({ name, jobs }) => jobs
    .filter(({ startedAt, endedAt }) => startedAt && endedAt)
    .map(({ host, subject, startedAt, endedAt }) => ({ stage: name, what: subject ?? name, host: host ?? '', start: seconds(startedAt), end: seconds(endedAt) })));
  return [
    { stage: 'Check, PreProcess, RunConfig', what: '', host: '', start: 0, end: Math.min(...jobs.map((one) => one.start)) },
    ...jobs,
    { stage: 'Look at the result', what: '', host: '', start: Math.max(...jobs.map((one) => one.end)), end },
  ];
}

/** The slow commands on hosts with their times, as the command journal has them. @param {string} home @param {number} began */
function journal(home, began) {
  const folder = join(home, 'journal', 'default');
  return readdirSync(folder).filter((name) => name.startsWith('init')).flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line)).filter(({ ms }) => ms >= 100).sort((a, b) => a.at.localeCompare(b.at))
    .map(({ at, ms, host, stage, title }) => `    ${(Date.parse(at) / 1000 - began).toFixed(2).padStart(7)} ${String(ms).padStart(6)} ms  ${host} ${stage}: ${title}\n`).join('');
}

/**
 * One install by Keelson on fresh hosts, in a home of its own. With `store` it is warm: the images are there and the
 * background processes run when the clock starts. Without, bringing both is part of what is measured.
 * @param {number} count hosts @param {string} [store] @returns {Promise<KeelsonRound>}
 */
async function installByKeelson(count, store) {
  const home = newHome();
  const hosts = freshHosts(group, count);
  const nodes = watchNodes(hosts[0].name, count);
  nodes.ready.catch(() => undefined);
  try {
    if (store) {
      mkdirSync(home, { recursive: true });
      symlinkSync(store, join(home, 'store'));
      await keelson(home, ['local', 'start']);
    }
    const memory = store ? sampleMemory(['server', 'worker'].map((name) => Number(readFileSync(join(home, 'local', `${name}.pid`), 'utf8')))) : undefined;
    const began = Date.now() / 1000;
    if (!store) await loadImages(home);
    const [leader, ...workers] = hosts.map(({ address }) => address);
    const out = await keelson(home, [
      'run', ...references, '--masters', leader, '--nodes', workers.join(','), '--pk', key(), '--yes', '--json',
    ]);
    const end = Date.now() / 1000 - began;
    const most = memory?.stop();
    if (process.env.KEELSON_BENCH_SPANS) process.stderr.write(journal(home, began));
    return { ready: (await nodes.ready) - began, end, memory: most, spans: spansOf(JSON.parse(out).status, began, end) };
  } finally {
    nodes.stop();
    await keelson(home, ['local', 'stop']).catch(() => undefined);
    if (!process.env.KEELSON_KEEP_HOSTS) {
      removeHosts(group);
      rmSync(home, { recursive: true, force: true });
    } else process.stderr.write(`kept: KEELSON_HOME=${home}\n`);
  }
}

module.exports = { installByKeelson, warmStore };
