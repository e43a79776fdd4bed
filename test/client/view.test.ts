import { applyEvent, beginStatus, endStatus, type OperationStatus, type StageEvent } from '../../domain/status';
import { renderChanges, renderEnd, renderTable, seconds } from '../../client/view';

const at = (second: number): string => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();
const play = (events: readonly (StageEvent & { at: number })[]): OperationStatus =>
  events.reduce((status, { at: second, ...event }) => applyEvent(status, event, at(second)), beginStatus('prod', 'init-1', [], at(0)));
const started = [
  { stage: 'Check', host: '10.0.0.1', state: 'running', at: 0 },
  { stage: 'Check', host: '10.0.0.2', state: 'running', at: 0 },
  { stage: 'Check', host: '10.0.0.1', state: 'done', at: 1 },
  { stage: 'Check', host: '10.0.0.2', state: 'done', at: 2 },
  { stage: 'PreProcess', subject: 'kubernetes:v1', state: 'running', at: 0 },
  { stage: 'PreProcess', subject: 'kubernetes:v1', state: 'done', at: 5 },
  { stage: 'Init', host: '10.0.0.1', state: 'running', at: 6 },
  { stage: 'Join', host: '10.0.0.2', state: 'waiting', reason: 'ApiUp', message: 'the API answers on 10.0.0.1', at: 6 },
] as const;
const plain = { now: at(20), width: 100, color: false };

test('the table of stages and hosts', () => {
  expect(renderTable(play(started), plain).join('\n')).toMatchInlineSnapshot(`
"prod: init-1, 20 s
                           time    10.0.0.1  10.0.0.2
✔ Check             2/2    2.0 s   ✔ 1.0 s   ✔ 2.0 s
✔ PreProcess        1/1    5.0 s
▶ Init              0/1    14 s    ▶ 14 s
◦ Join              0/1                      ◦
  ◦ Join 10.0.0.2: the API answers on 10.0.0.1"
`);
});

test('a parked operation says why, until when, and what to do', () => {
  const failed = play([...started, { stage: 'Init', host: '10.0.0.1', state: 'failed', reason: 'CommandFailed', message: 'kubeadm init: exit code 1\nport in use', at: 12 }]);
  const status = { ...failed, waiting: { reason: 'CommandFailed', message: 'Init on 10.0.0.1: exit code 1', since: at(12), nextCheckAt: at(30) } };
  expect(renderTable(status, plain).join('\n')).toMatchInlineSnapshot(`
"prod: init-1, 20 s
                           time    10.0.0.1  10.0.0.2
✔ Check             2/2    2.0 s   ✔ 1.0 s   ✔ 2.0 s
✔ PreProcess        1/1    5.0 s
✘ Init              0/1    6.0 s   ✘ 6.0 s
◦ Join              0/1                      ◦
  ✘ Init 10.0.0.1: kubeadm init: exit code 1 | port in use
  ◦ Join 10.0.0.2: the API answers on 10.0.0.1
Parked for 8.0 s: Init on 10.0.0.1: exit code 1
  tries again by itself in 10 s; \`keelson retry prod\` tries again now, \`keelson cancel prod\` ends it"
`);
});

test('no line is wider than the terminal, and hosts that do not fit are counted only', () => {
  const many = play(Array.from({ length: 40 }, (_, index) => ({ stage: 'Check', host: `10.0.0.${index}`, state: index % 2 ? 'done' : 'running', at: 1 }) as const));
  const lines = renderTable(many, { now: at(9), width: 60, color: true });
  // eslint-disable-next-line no-control-regex
  expect(Math.max(...lines.map((line) => line.replace(/\u001b\[\d+m/g, '').length))).toBeLessThanOrEqual(60);
  expect(lines.join('\n')).toContain('20/40');
});

test('without a terminal each change is one line, said once', () => {
  const first = play(started.slice(0, 3));
  const second = play(started);
  expect(renderChanges(undefined, first)).toMatchInlineSnapshot(`
[
  "prod: init-1 began",
  "✔ Check 10.0.0.1: done (1.0 s)",
  "▶ Check 10.0.0.2: running",
]
`);
  expect(renderChanges(first, second)).toMatchInlineSnapshot(`
[
  "✔ Check 10.0.0.2: done (2.0 s)",
  "✔ PreProcess kubernetes:v1: done (5.0 s)",
  "▶ Init 10.0.0.1: running",
]
`);
  expect(renderChanges(second, second)).toEqual([]);
});

test('the end has the seconds of each stage; nothing to do is said so', () => {
  const done = endStatus(play(started), { ok: true, reason: 'Ready', message: '2 nodes Ready' }, at(60));
  expect(renderEnd(done).join('\n')).toMatchInlineSnapshot(`
"prod: init-1 done after 60 s: 2 nodes Ready
  Check                2.0 s  Check every host before anything is changed
  PreProcess           5.0 s  Fetch the images and pin their digests
  Init                  54 s  Start the first control plane"
`);
  expect(renderEnd({ ...done, planned: 0 })).toEqual(['prod: init-1 found nothing to do after 60 s: 2 nodes Ready']);
});

test('a reset speaks of reset', () => {
  const reset = applyEvent(beginStatus('prod', 'reset-2', [], at(0)), { stage: 'Bootstrap', host: '10.0.0.1', subject: 'reset', state: 'done' }, at(3));
  expect(renderChanges(undefined, reset)).toEqual(['prod: reset-2 began', '✔ Reset 10.0.0.1: done']);
});

test.each([[0.44, '0.4 s'], [9.94, '9.9 s'], [9.96, '10 s'], [599, '599 s'], [600, '10 min'], [7_200, '2 h']])('%f s read as %s', (length, words) => {
  expect(seconds(at(0), new Date(Date.parse(at(0)) + length * 1000).toISOString())).toBe(words);
});
