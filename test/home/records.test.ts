import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { appendJournal, readJournal } from '../../home/journal';
import { appendLog, listLogs, readLog } from '../../home/logs';
import { homeDir, journalFile, logFile } from '../../home/paths';
import { redactor } from '../../home/redact';

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

test('the journal keeps what was written, past a torn last line and lines of something else', () => {
  expect(readJournal('demo', 'init-1')).toEqual([]);
  appendJournal('demo', 'init-1', entry);
  appendFileSync(journalFile('demo', 'init-1'), 'null\n7\n{}\n{"at":1,"host":null}\n');
  appendJournal('demo', 'init-1', { ...entry, changes: false });
  appendFileSync(journalFile('demo', 'init-1'), '{"at":"20');
  expect(readJournal('demo', 'init-1').map(({ changes }) => changes)).toEqual([true, false]);
  expect(readFileSync(journalFile('demo', 'init-1'), 'utf8').split('\n')).toHaveLength(7);
});

test('redaction takes longer secrets first, and each line of a key', () => {
  const key = '-----BEGIN KEY-----\nabcdefghijklmnop\n-----END KEY-----';
  const clean = redactor(['pass', 'password1', key, '']);
  expect(clean('my password1 and pass')).toBe('my [redacted] and [redacted]');
  expect(clean('line abcdefghijklmnop!')).toBe('line [redacted]!');
  expect(clean('nothing here')).toBe('nothing here');
});
