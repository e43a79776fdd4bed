const { spawn } = require('node:child_process');
const { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } = require('node:fs');
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

/** The jobs of an operation as spans. @param {{ stages: { name: string, jobs: object[] }[] }} status @param {number} began @returns {import('./by-hand').Span[]} */
function spansOf(status, began) {
  const seconds = (/** @type {string} */ iso) => Date.parse(iso) / 1000 - began;
  return status.stages.flatMap(({ name, jobs }) => jobs
    .filter(({ startedAt, endedAt }) => startedAt && endedAt)
    .map(({ host, subject, startedAt, endedAt }) => ({ stage: name, what: subject ?? name, host: host ?? '', start: seconds(startedAt), end: seconds(endedAt) })));
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
    return { ready: (await nodes.ready) - began, end, memory: most, spans: spansOf(JSON.parse(out).status, began) };
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
