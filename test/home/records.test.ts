import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { appendJournal } from '../../home/journal';
import { appendLog, listLogs } from '../../home/logs';
import { homeDir, journalDir, logFile } from '../../home/paths';
import { redactor } from '../../home/redact';
import { readJournal, readLog } from '../read-records';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env.KEELSON_HOME = home;
});
afterEach(() => {
  delete process.env.KEELSON_HOME;
  rmSync(home, { recursive: true, force: true });
});

const place = { cluster: 'demo', operation: 'init-1', stage: 'Join', host: '10.0.0.2', attempt: 1 };
const entry = { at: '2026-01-01T00:00:00.000Z', host: '10.0.0.2', stage: 'Join', attempt: 1, title: 'kubeadm join', changes: true, code: 0, ms: 7 };

test('a log lies where its attempt says, and names cannot leave their folder', () => {
  expect(relative(homeDir(), logFile(place))).toBe('logs/demo/init-1/Join/10.0.0.2/1.log');
  expect(relative(homeDir(), logFile({ ...place, host: '../../../etc' }))).toBe('logs/demo/init-1/Join/.._.._.._etc/1.log');
  expect(relative(homeDir(), logFile({ ...place, cluster: '..' }))).toBe('logs/_../init-1/Join/10.0.0.2/1.log');
});

test('what a host prints to move the cursor of a terminal is seen, and moves nothing', () => {
  appendLog(place, ['\u001b[2K\u001b[1Aall is well\r', '\tindented \u009b31m']);
  expect(readLog(listLogs('demo')[0]!)).toMatch(/^\S+Z \ufffd\[2K\ufffd\[1Aall is well\n\S+Z \tindented \ufffd31m\n$/);
});

test('logs are found by operation, stage, host and attempt, and read without secrets', () => {
  appendLog(place, ['token is s3cret-word', 'second'], ['s3cret-word']);
  appendLog({ ...place, attempt: 2 }, ['again']);
  appendLog({ ...place, host: '10.0.0.3' }, ['elsewhere']);

  const [first, ...others] = listLogs('demo', { host: '10.0.0.2', attempt: 1 });
  expect(others).toEqual([]);
  expect(readLog(first!)).toMatch(/^\S+Z token is \[redacted\]\n\S+Z second\n$/);
  expect(readLog(first!, 1)).toMatch(/^\S+Z second\n$/);
  expect(listLogs('demo').map(({ host, attempt }) => `${host}/${attempt}`).sort()).toEqual(['10.0.0.2/1', '10.0.0.2/2', '10.0.0.3/1']);
  expect(listLogs('nobody')).toEqual([]);
});

test('a log of a command that prints without end says that it ends, and no longer grows', () => {
  const line = 'y'.repeat(1024 * 1024);
  for (let count = 0; count < 70; count += 1) appendLog(place, [line]);
  const [{ bytes } = { bytes: 0 }] = listLogs('demo');
  expect(bytes).toBeGreaterThan(64 * 1024 * 1024);
  expect(bytes).toBeLessThan(66 * 1024 * 1024);
  for (let other = 0; other < 1_100; other += 1) appendLog({ ...place, host: `h${other}` }, ['x']);
  appendLog(place, ['more']);
  const [entry] = listLogs('demo', { host: place.host });
  expect(entry?.bytes).toBe(bytes);
  expect(readLog(entry!, 1)).toMatch(/^\S+Z this log ends here/);
});

test('a log and a journal that cannot be written do not end the work they tell of: it is said once, and again after a while of success', () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const inTheWay = [join(home, 'logs'), join(home, 'journal')];
  for (const path of inTheWay) writeFileSync(path, '');
  const both = (): void => {
    appendLog(place, ['line']);
    appendJournal('demo', 'init-1', entry);
  };
  try {
    both();
    both();
    expect(said.mock.calls.map(([text]) => String(text))).toEqual([expect.stringContaining('log'), expect.stringContaining('journal')]);
    for (const path of inTheWay) rmSync(path);
    both();
    expect(listLogs('demo')).toHaveLength(1);
    expect(readJournal('demo', 'init-1')).toHaveLength(1);
    for (const path of inTheWay) rmSync(path, { recursive: true });
    for (const path of inTheWay) writeFileSync(path, '');
    both();
    expect(said).toHaveBeenCalledTimes(4);
  } finally {
    said.mockRestore();
  }
});

test('the journal of what never ends (looks, the drift check) keeps its newest part; an operation\'s is whole', () => {
  const title = 'x'.repeat(10_000);
  for (let n = 0; n < 2_500; n += 1) for (const operation of ['look', 'reconcile-2']) appendJournal('demo', operation, { ...entry, title, ms: n });
  const bytes = (operation: string): number => readdirSync(journalDir('demo')).filter((name) => name.startsWith(operation)).reduce((sum, name) => sum + statSync(join(journalDir('demo'), name)).size, 0);
  expect(bytes('look')).toBeLessThan(17 * 1024 * 1024);
  expect(bytes('reconcile')).toBeGreaterThan(25_000_000);
  expect(readJournal('demo', 'look').at(-1)?.ms).toBe(2_499);
  expect(readJournal('demo', 'reconcile-2')).toHaveLength(2_500);
});

test('redaction takes longer secrets first, and each line of a key', () => {
  const key = '-----BEGIN KEY-----\nabcdefghijklmnop\n-----END KEY-----';
  const clean = redactor(['pass', 'password1', key, '']);
  expect(clean('my password1 and pass')).toBe('my [redacted] and [redacted]');
  expect(clean('line abcdefghijklmnop!')).toBe('line [redacted]!');
  expect(clean('nothing here')).toBe('nothing here');
});
