const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { freshHosts, key, removeHosts, watchNodes } = require('./lab');
const { prepareHosts, prepareImages } = require('./prepare');

const group = 'benchhand';

/** The stage of Keelson that does what a step does. */
const stageOf = {
  connect: 'Check, PreProcess, RunConfig', check: 'Bootstrap', copy: 'MountRootfs', names: 'Bootstrap', cri: 'Bootstrap', kubelet: 'Bootstrap', pull: 'Bootstrap',
  'registry-content': 'MirrorRegistry', registry: 'MirrorRegistry', init: 'Init', discovery: 'Join', join: 'Join', network: 'RunGuest',
};

/**
 * @typedef {{ stage: string, what: string, host: string, start: number, end: number }} Span seconds since the start
 * @typedef {{ ready: number, end: number, spans: Span[] }} Round seconds since the start
 */

/** Runs the script, and gives its spans. @param {string[]} args @returns {Promise<{ name: string, host: string, start: number, end: number }[]>} */
function script(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(__dirname, 'by-hand.sh'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk) => { out += String(chunk); });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`by-hand.sh ended with exit code ${code}`));
      resolve(out.trim().split('\n').map((line) => line.split('\t')).map(([name, host, start, end]) => ({ name, host, start: Number(start), end: Number(end) })));
    });
  });
}

/** One install by hand on fresh hosts. @param {import('./prepare').Prepared} prepared @param {number} count hosts @returns {Promise<Round>} */
async function installByHand(prepared, count) {
  const hosts = freshHosts(group, count);
  prepareHosts(prepared, hosts);
  const nodes = watchNodes(hosts[0].name, count);
  // Where the script fails nobody asks for this any more.
  nodes.ready.catch(() => undefined);
  try {
    const began = Date.now() / 1000;
    const steps = await script([prepared.dir, key(), ...hosts.map(({ address }) => address)]);
    const end = Date.now() / 1000 - began;
    const ready = (await nodes.ready) - began;
    const spans = steps.map((step) => ({ stage: stageOf[step.name], what: step.name, host: step.host, start: step.start - began, end: step.end - began }));
    return { ready, end, spans };
  } finally {
    nodes.stop();
    if (!process.env.KEELSON_KEEP_HOSTS) removeHosts(group);
  }
}

/** Unpacked and rendered images in a folder of their own; `remove` takes it away. */
function prepared() {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
  return { ...prepareImages(dir), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

module.exports = { installByHand, prepared };
