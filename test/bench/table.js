/** What takes time, in order: Keelson's stages, and what each is by hand. */
const stages = {
  'Check, PreProcess, RunConfig': 'connect', MountRootfs: 'copy files', MirrorRegistry: 'registry content, registry', Bootstrap: 'check, runtime, kubelet, image pulls',
  Init: 'kubeadm init', RunGuest: 'CNI', Join: 'kubeadm join', 'Look at the result': '',
};

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {number} value */
const seconds = (value) => (Number.isFinite(value) ? value.toFixed(1) : '');

/** From the first start to the last end of a stage, and when that was. @param {import('./by-hand').Round[]} rounds @param {string} stage */
function spanOf(rounds, stage) {
  const each = rounds.map(({ spans }) => spans.filter((span) => span.stage === stage)).filter((spans) => spans.length > 0);
  if (each.length === 0) return { took: NaN, over: NaN };
  const over = each.map((spans) => Math.max(...spans.map(({ end }) => end)));
  return { took: median(each.map((spans, at) => over[at] - Math.min(...spans.map(({ start }) => start)))), over: median(over) };
}

/** @param {string[][]} rows the first one is the head */
const markdown = ([head, ...rows]) => [head, head.map((_, at) => (at === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/**
 * @typedef {{ byHand: import('./by-hand').Round[], keelson: import('./keelson').KeelsonRound[],
 *   cold?: { byHand: import('./by-hand').Round, keelson: import('./keelson').KeelsonRound } }} Results
 */

/** The whole report as Markdown. @param {Results} results @param {string} machine */
function report({ byHand, keelson, cold }, machine) {
  const [hand, ours] = [byHand, keelson].map((rounds) => ({ ready: median(rounds.map(({ ready }) => ready)), end: median(rounds.map(({ end }) => end)) }));
  const ratio = (/** @type {number} */ a, /** @type {number} */ b) => (a / b).toFixed(2);
  const stageRows = Object.entries(stages).map(([stage, what]) => {
    const [a, b] = [spanOf(byHand, stage), spanOf(keelson, stage)];
    return [`${stage}${what ? ` (${what})` : ''}`, seconds(a.took), seconds(a.over), seconds(b.took), seconds(b.over)];
  });
  const memory = Math.max(...keelson.map((round) => round.memory ?? 0));
  return [
    `Measured ${new Date().toISOString().slice(0, 10)} by \`make bench-install\`: 1 control plane, 2 workers, Flannel, on fresh lab hosts each time; ${byHand.length} alternating rounds, medians; ${machine}.`,
    markdown([
      ['seconds', 'by hand', 'Keelson', 'ratio'],
      ['all nodes Ready', seconds(hand.ready), seconds(ours.ready), ratio(ours.ready, hand.ready)],
      ['the command ends', seconds(hand.end), seconds(ours.end), ratio(ours.end, hand.end)],
      ...(cold ? [['all nodes Ready, cold', seconds(cold.byHand.ready), seconds(cold.keelson.ready), ratio(cold.keelson.ready, cold.byHand.ready)]] : []),
    ]),
    `Each round until all nodes were Ready: by hand ${byHand.map(({ ready }) => seconds(ready)).join(', ')}; Keelson ${keelson.map(({ ready }) => seconds(ready)).join(', ')}.`,
    `Memory of Keelson's background processes (PSS of the server's and the Temporal worker's process trees, twice a second): at most ${Math.round(memory)} MiB.`,
    'Stages overlap: a host goes on as soon as what it needs is there. So each has its length, from its first start to its last end on any host, and the time of that end.',
    markdown([['stage (by hand)', 'by hand: length', 'by hand: ends at', 'Keelson: length', 'Keelson: ends at'], ...stageRows]),
  ].join('\n\n') + '\n';
}

module.exports = { report };
