/**
 * Keelson against the same steps by hand, in one run on one machine: rounds alternate, so that whatever else the machine
 * does meets both. What counts is the ratio.
 *
 *   install.js [--rounds 5] [--no-cold] [--only hand|keelson] [--write]
 *
 * Prints a report in Markdown; --write puts it into docs/benchmarks.md as well, between its markers.
 */
const { cpus, loadavg, totalmem } = require('node:os');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { installByHand, prepared } = require('./by-hand');
const { installByKeelson, warmStore } = require('./keelson');
const { report } = require('./table');

const hosts = 3;
const page = join(__dirname, '..', '..', 'docs', 'benchmarks.md');
const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

/** @template {import('./by-hand').Round} R @param {string} what @param {() => Promise<R>} install @returns {Promise<R>} */
async function round(what, install) {
  const result = await install().catch((error) => {
    // One bad round must not cost the others; a second one is no accident.
    say(`${what} failed and is made once more: ${error instanceof Error ? error.message : error}`);
    return install();
  });
  say(`${what}: all nodes Ready after ${result.ready.toFixed(1)} s, ended after ${result.end.toFixed(1)} s; load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`);
  if (process.env.KEELSON_BENCH_SPANS) {
    for (const { stage, what: step, host, start, end } of [...result.spans].sort((a, b) => a.start - b.start)) {
      say(`  ${start.toFixed(2).padStart(7)} ${end.toFixed(2).padStart(7)} ${(end - start).toFixed(2).padStart(7)}  ${host.padEnd(15)} ${stage} ${step}`);
    }
  }
  return result;
}

/** By hand with nothing at hand: unpacking and rendering count. */
async function coldByHand() {
  const began = Date.now() / 1000;
  const images = prepared();
  const before = Date.now() / 1000 - began;
  try {
    const result = await installByHand(images, hosts);
    return { ...result, ready: result.ready + before, end: result.end + before };
  } finally {
    images.remove();
  }
}

async function main() {
  const { values } = parseArgs({ options: {
    rounds: { type: 'string', default: '5' }, 'no-cold': { type: 'boolean' }, only: { type: 'string' }, write: { type: 'boolean' },
  } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1 on');
  const [hand, ours] = [values.only !== 'keelson', values.only !== 'hand'];
  const load = loadavg()[0];
  if (load > cpus().length / 2) say(`the machine is not quiet (load ${load.toFixed(1)} on ${cpus().length} cores): figures will be worse than they are, for both`);
  const results = { byHand: [], keelson: [] };
  const images = hand ? prepared() : undefined;
  const store = ours ? await warmStore() : undefined;
  try {
    for (let at = 1; at <= rounds; at += 1) {
      // Who goes first alternates as well.
      const order = at % 2 === 1 ? ['hand', 'keelson'] : ['keelson', 'hand'];
      for (const who of order) {
        if (who === 'hand' && images) results.byHand.push(await round(`round ${at}, by hand`, () => installByHand(images, hosts)));
        if (who === 'keelson' && store) results.keelson.push(await round(`round ${at}, Keelson`, () => installByKeelson(hosts, store.store)));
      }
    }
    if (!hand || !ours) return;
    const cold = values['no-cold'] ? undefined : { byHand: await round('cold, by hand', coldByHand), keelson: await round('cold, Keelson', () => installByKeelson(hosts)) };
    const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`;
    const text = report({ ...results, cold }, machine);
    process.stdout.write(text);
    if (values.write) writePage(text);
  } finally {
    images?.remove();
    store?.remove();
  }
}

/** @param {string} text */
function writePage(text) {
  const [begin, end] = ['<!-- bench-install -->', '<!-- end of bench-install -->'];
  const old = readFileSync(page, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers ${begin} and ${end}`);
  writeFileSync(page, `${old.slice(0, from + begin.length)}\n${text}${old.slice(to)}`);
}

main().catch((error) => {
  say(error instanceof Error ? (process.env.DEBUG ? String(error.stack) : error.message) : String(error));
  process.exitCode = 1;
});
