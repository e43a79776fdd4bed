import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, isAlive, markOf, type ProcessMark, readPidFile, removePidFile, startTicks, writePidFile } from '../../home/pid-file';
import { withStartLock } from '../../home/start-lock';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'keelson-pid-')); });
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** A process that says when it is ready, with its mark. */
async function start(script: string): Promise<{ child: ChildProcess; mark: ProcessMark }> {
  const child = spawn(process.execPath, ['-e', `${script}; console.log('ready'); setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return { child, mark: markOf(child.pid ?? 0) as ProcessMark };
}
const origin = { startedAt: 'now', version: '1', buildHash: 'h' };
const deadMark = async (): Promise<ProcessMark> => {
  const { child, mark } = await start('');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  return mark;
};

test('a pid file speaks of one process only', async () => {
  const path = join(dir, 'server.pid');
  const { mark } = await start('');
  writePidFile(path, { ...mark, ...origin });
  expect(readFileSync(path, 'utf8')).toBe(`${mark.pid}\n`);
  expect(readPidFile(path)?.pid).toBe(mark.pid);
  // The pid came back as another process: the start time tells.
  writePidFile(path, { pid: process.pid, startTime: mark.startTime, ...origin });
  expect(readPidFile(path)).toBeUndefined();
  writePidFile(path, { ...(await deadMark()), ...origin });
  expect(readPidFile(path)).toBeUndefined();
  writeFileSync(path, 'nonsense');
  expect(readPidFile(path)).toBeUndefined();
  removePidFile(path);
  expect(readPidFile(path)).toBeUndefined();
});

test('a process that does not heed SIGTERM is ended all the same, another one with its pid is not', async () => {
  const stubborn = await start(`process.on('SIGTERM', () => {})`);
  await endProcess({ ...stubborn.mark, startTime: 'of somebody else' }, 50);
  expect(isAlive(stubborn.mark)).toBe(true);
  await endProcess(stubborn.mark, 50);
  expect(isAlive(stubborn.mark)).toBe(false);
});

describe('the start lock', () => {
  const lock = (): string => join(dir, 'start.lock');

  test('one works at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([1, 2, 3, 4].map(() => withStartLock(lock(), 5_000, work)));
    expect(most).toBe(1);
  });

  test('the lock of a dead process is taken over', async () => {
    writeFileSync(lock(), JSON.stringify(await deadMark()));
    expect(await withStartLock(lock(), 1_000, () => Promise.resolve('done'))).toBe('done');
  });

  test('the lock of a living process is respected, and its owner named', async () => {
    const { mark } = await start('');
    writeFileSync(lock(), JSON.stringify(mark));
    await expect(withStartLock(lock(), 200, () => Promise.resolve())).rejects.toThrow(String(mark.pid));
    expect(JSON.parse(readFileSync(lock(), 'utf8'))).toEqual(mark);
  });

  test('it is free again after work that failed', async () => {
    await expect(withStartLock(lock(), 100, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withStartLock(lock(), 100, () => Promise.resolve(1))).toBe(1);
  });
});

test.each([
  ['sleeps', 'S', 11, '99'],
  ['is a zombie, and so are all its threads', 'Z', 1, undefined],
  ['is a zombie whose other threads have still to end: they hold its port', 'Z', 10, '99'],
  ['is being taken away', 'X', 0, undefined],
])('a process that %s', (_what, state, threads, expected) => {
  const fields = [...Array.from({ length: 16 }, () => '0'), threads, '0', '99', '0'];
  expect(startTicks(`7 (a (b) c) ${state} ${fields.join(' ')}`)).toBe(expected);
});
