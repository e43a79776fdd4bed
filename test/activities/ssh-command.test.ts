import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { encodeProgram, KILLED, loaderLine } from '../../activities/adapters/shell/loader';
import type { Machine } from '../../activities/adapters/shell/machine';
import { createSession } from '../../activities/adapters/shell/session';
import { createRemote } from '../../activities/adapters/remote';
import type { CommandResult } from '../../domain/command';
import type { Remote, Session } from '../../activities/ports';
import { appendLog } from '../../home/logs';
import { readJournal } from '../read-records';
import { aScope, aTarget, openSecrets, startServer, type ServerOptions, type TestServer } from './ssh-server';

const home = mkdtempSync(join(tmpdir(), 'keelson-'));
let remote: Remote | undefined;
let server: TestServer | undefined;

beforeAll(() => { process.env.KEELSON_HOME = home; });
afterEach(async () => {
  await remote?.close();
  await server?.close();
  remote = server = undefined;
});
afterAll(() => {
  delete process.env.KEELSON_HOME;
  rmSync(home, { recursive: true, force: true });
});

async function connect(options: ServerOptions = {}, scope = aScope(), idleMs?: number): Promise<Session> {
  remote = createRemote({ secrets: openSecrets, ...(idleMs === undefined ? {} : { idleMs }) });
  server = await startServer({ password: 'right-password', ...options });
  return remote.to(aTarget(server.port), scope);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie is dead: nobody of ours runs any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => { setTimeout(resolve, 10); });
}

test('an answer that nobody can read is an error of the host and of the command, not one of ours', async () => {
  const session = await connect();
  await expect(session.run({ title: 'kubectl get nodes', script: 'echo "<html>proxy says no"', parse: ({ stdout }) => JSON.parse(stdout) as unknown })).rejects.toMatchObject({
    type: 'CommandFailed', message: expect.stringContaining('to "kubectl get nodes" cannot be read') as string, details: { command: 'kubectl get nodes', exitCode: 0 },
  });
});

/** Below sudo nobody but the loader's own command line gives the program its process group. */
describe.each([['under sshd', true], ['under sudo', false]])('a command %s', (_where, ownGroup) => {
  test('environment, script and stdin arrive as they are', async () => {
    const session = await connect({ ownGroup });
    const text = fc.string({ unit: 'binary', maxLength: 200 }).map((value) => Buffer.from(value.replaceAll('\0', '')).toString());
    const hostile = fc.constantFrom(`'`, `"`, `$(reboot)`, '`id`', '\\', '!!', '\n', '\r\n', `' ; exit 7 #`, '\u0001\u007f', '%s%n', '-n', '', ' ', '*', '~');
    await fc.assert(fc.asyncProperty(fc.oneof(text, hostile), fc.oneof(text, hostile), async (value, input) => {
      const told = await session.run({
        title: 'echo', script: 'printf %s "$KEELSON_TEST" | od -An -v -tx1 | tr -d " \\n"; echo; od -An -v -tx1 | tr -d " \\n"', env: { KEELSON_TEST: value }, stdin: input,
      });
      const [env, stdin] = told.split('\n').map((hex) => Buffer.from(hex, 'hex').toString());
      expect([env, stdin]).toEqual([value, input]);
    }), { numRuns: 30, examples: [['é'.repeat(3_000), 'x'.repeat(300_000)]] });
  });

  test('output, exit code and last lines stand in the error, secrets do not', async () => {
    const session = await connect({ ownGroup });
    const failing = session.run({ title: 'a failing one', script: 'echo out; echo "token $T and right-password" >&2; exit 41', env: { T: 'tok-secret' }, secrets: ['tok-secret'] });
    await expect(failing).rejects.toMatchObject({
      type: 'CommandFailed', message: expect.stringContaining('exit code 41: token [redacted] and [redacted]') as string,
      details: { host: 'test-host', command: 'a failing one', exitCode: 41, tail: expect.arrayContaining(['out', 'token [redacted] and [redacted]']) as string[], todo: expect.any(String) as string },
    });
  });

  test('exit codes that are no failure are handed over', async () => {
    const session = await connect({ ownGroup });
    expect(await session.run({ title: 'grep', script: 'exit 3', okCodes: [0, 3], parse: ({ code }) => code })).toBe(3);
    expect(await session.run({ title: 'killed', script: 'kill -KILL $BASHPID', okCodes: [137], parse: ({ code }) => code })).toBe(137);
  });

  test.each(['timeout', 'cancel'])('on %s nothing of it is left (peers.md #6)', async (why) => {
    const abort = new AbortController();
    const session = await connect({ ownGroup }, aScope({ signal: abort.signal }));
    const marker = join(home, `pids-${why}-${ownGroup}`);
    // Of the three one has to be killed: it does not listen.
    const script = `sleep 300 & echo $! >>${marker}; (trap "" TERM; while :; do sleep 300; done) & echo $! >>${marker}; echo $BASHPID >>${marker}; wait`;
    const running = session.run({ title: 'a slow one', script, timeoutMs: why === 'timeout' ? 3_000 : 60_000 }).catch((error: unknown) => error);
    await until(() => existsSync(marker) && readFileSync(marker, 'utf8').split('\n').length === 4);
    if (why === 'cancel') abort.abort();
    expect(await running).toMatchObject(why === 'cancel' ? { name: 'CancelledFailure' } : { type: 'CommandTimedOut', details: { command: 'a slow one' } });
    const pids = readFileSync(marker, 'utf8').trim().split('\n').map(Number);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

test('half a program is not run', () => {
  for (const text of ['echo ran', `: ${'x'.repeat(5_000)}\necho ran`]) {
    const whole = encodeProgram('mark', text);
    expect(spawnSync('bash', ['-c', loaderLine('none', 60_000)], { input: whole }).stdout.toString()).toContain('ran');
    const half = spawnSync('bash', ['-c', loaderLine('none', 60_000)], { input: whole.subarray(0, whole.length - 1) });
    expect([half.status, half.stdout.toString()]).toEqual([98, '']);
  }
});

test('who is there or not: after its limit nothing of a program is left, and it was killed', async () => {
  const pids = join(home, 'limited');
  const text = `(trap "" TERM; sleep 300) & echo $! >>${pids}; sleep 300 & echo $! >>${pids}; echo $$ >>${pids}; trap "" TERM; wait`;
  const { signal, status } = spawnSync('bash', ['-c', loaderLine('none', 2_000)], { input: encodeProgram('mark', text) });
  expect([signal, status]).toEqual(['SIGKILL', null]);
  const all = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  expect(all).toHaveLength(3);
  // All are killed at once; who was told of one of them may be there before the others are gone.
  await until(() => !all.some(isAlive));
});

test('a program that ends in time leaves in the background what it likes', () => {
  const text = 'exec >/dev/null 2>&1; setsid sleep 300 & sleep 300 & echo $! >$KEELSON_TEST_PID; jobs -p >$KEELSON_TEST_PID.all';
  const file = join(home, 'background');
  expect(spawnSync('bash', ['-c', loaderLine('none', 1_000)], { input: encodeProgram('mark', text), env: { ...process.env, KEELSON_TEST_PID: file } }).status).toBe(0);
  spawnSync('sleep', ['1.3']);
  const alive = isAlive(Number(readFileSync(file, 'utf8')));
  for (const pid of readFileSync(`${file}.all`, 'utf8').trim().split('\n').map(Number)) process.kill(pid);
  expect(alive).toBe(true);
});

test('a program that its host has ended while we were asleep has timed out, by our word as well', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exit = new Promise<number>((resolve) => {
    stdin.once('data', (head: Buffer) => {
      stderr.write(`${head.toString().split(' ')[0]} 4711\n`);
      setImmediate(() => {
        for (const end = Date.now() + 60; Date.now() < end;);
        resolve(KILLED);
      });
    });
  });
  const asleep: Machine = { host: 'h', hostKey: '', fingerprint: '', secrets: [], start: () => Promise.resolve({ stdin, stdout, stderr, exit, abandon: () => undefined }) };
  await expect(createSession(asleep, aScope()).run({ title: 'a slow one', script: 'true', timeoutMs: 30, okCodes: [KILLED] })).rejects.toMatchObject({ type: 'CommandTimedOut' });
});

test('what login scripts print is no output', async () => {
  const session = await connect();
  const noisy = join(home, 'noisy.sh');
  writeFileSync(noisy, 'echo hello; echo motd >&2\n');
  process.env.BASH_ENV = noisy;
  try {
    expect(await session.run({ title: 'echo', script: 'echo only; echo this >&2', parse: ({ stdout, stderr }) => [stdout, stderr] })).toEqual(['only\n', 'this\n']);
  } finally {
    delete process.env.BASH_ENV;
  }
});

test.each([1, 2, 3])('commands above the limit of the host, %i, wait for their turn', async (maxSessions) => {
  const session = await connect({ maxSessions });
  const all = await Promise.all(Array.from({ length: 25 }, (_, i) => session.run({ title: 'echo', script: `echo ${i}` })));
  expect(all.map(Number)).toEqual(Array.from({ length: 25 }, (_, i) => i));
  expect(server!.connections()).toBe(1);
});

test('a host that opens no session at all is told from a busy one', async () => {
  const session = await connect({ maxSessions: 0 });
  await expect(session.run({ title: 'echo', script: 'echo in' })).rejects.toMatchObject({ type: 'HostUnreachable', message: expect.stringContaining('opens no session') as string });
});

test('all that goes on with a host shares one connection, which ends when nobody needs it', async () => {
  const session = await connect({}, aScope(), 50);
  const others = await Promise.all(Array.from({ length: 5 }, (_, i) => remote!.to(aTarget(server!.port), aScope({ n: i }))));
  await Promise.all([session, ...others].map((one) => one.run({ title: 'true', script: 'true' })));
  expect(server!.connections()).toBe(1);
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  await session.run({ title: 'true', script: 'true' });
  expect(server!.connections()).toBe(2);
});

test('a lost connection ends the command, and the next one makes a new connection', async () => {
  const session = await connect();
  const started = join(home, 'started');
  const running = session.run({ title: 'waits', script: `: >${started}; read -r -t 20 <> <(:)` }).catch((error: unknown) => error);
  await until(() => existsSync(started));
  server!.cut();
  expect(await running).toMatchObject({ type: 'Disconnected', retryable: true, details: { command: 'waits', host: 'test-host' } });
  expect(await session.run({ title: 'echo', script: 'echo back' })).toBe('back\n');
  expect(server!.connections()).toBe(2);
});

test('a connection that was cut while nobody looked costs nothing', async () => {
  const session = await connect();
  server!.cut();
  expect(await session.run({ title: 'echo', script: 'echo back' })).toBe('back\n');
});

test('a stream arrives whole, and its source waits for the reader', async () => {
  const session = await connect();
  const gate = join(home, 'gate');
  const block = Buffer.alloc(256 * 1024, 'keelson ');
  const [blocks, hash] = [160, createHash('sha256')];
  let sent = 0;
  async function* source(): AsyncGenerator<Buffer> {
    for (; sent < blocks; sent += 1) {
      hash.update(block);
      yield await Promise.resolve(block);
    }
  }
  const running = session.feed({ title: 'sum', script: `until [ -e ${gate} ]; do read -r -t 0.05 <> <(:); done; sha256sum | cut -c1-64` }, source());
  let before = -1;
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
  // 2 MiB in each direction of the window and in the buffers around it: far from the 40 MiB of the whole.
  expect(sent).toBeLessThan(50);
  writeFileSync(gate, '');
  expect((await running).trim()).toBe(hash.digest('hex'));
});

test('a program that ends early ends the reading of its source', async () => {
  const session = await connect();
  let closed = false;
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
    } finally {
      closed = true;
    }
  }
  await expect(session.feed({ title: 'refuses', script: 'exit 5' }, endless())).rejects.toMatchObject({ type: 'CommandFailed', details: { exitCode: 5 } });
  await until(() => closed);
});

test('a source that fails ends the program', async () => {
  const session = await connect();
  const pidFile = join(home, 'reader');
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('start');
    await until(() => existsSync(pidFile));
    throw new Error('the file is gone');
  }
  await expect(session.feed({ title: 'reads', script: `echo $$ >${pidFile}.new; mv ${pidFile}.new ${pidFile}; cat >/dev/null` }, broken())).rejects.toThrow('the file is gone');
  expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
});

test('a long output is kept at its ends', async () => {
  const session = await connect();
  const text = await session.run({ title: 'seq', script: 'echo first; yes 0123456789abcdef | head -c 5000000; echo; echo last' });
  expect(text.startsWith('first\n')).toBe(true);
  expect(text.endsWith('last\n')).toBe(true);
  expect(text).toMatch(/\[\d+ bytes left out\]/);
  expect(text.length).toBeLessThan(1_200_000);
});

test('lines come as they are written, a last one without its newline as well (peers.md #25)', async () => {
  const session = await connect();
  const gate = join(home, 'second-line');
  const lines: string[] = [];
  const result = await session.follow({ title: 'lines', script: `echo one; until [ -e ${gate} ]; do read -r -t 0.05 <> <(:); done; printf 'two\\r\\nthree'; echo four >&2` }, (line) => {
    lines.push(line);
    if (line === 'one') writeFileSync(gate, '');
  });
  expect([...lines].sort()).toEqual(['four', 'one', 'three', 'two']);
  expect(result.code).toBe(0);
});

test('something left in the background does not hold the command', async () => {
  const session = await connect();
  const before = Date.now();
  const pid = Number(await session.run({ title: 'leaves', script: 'sleep 300 & echo $!' }));
  process.kill(pid);
  expect(Date.now() - before).toBeLessThan(25_000);
});

test('names that are no variables are refused before anything is sent', async () => {
  const session = await connect();
  await expect(session.run({ title: 'env', script: 'true', env: { 'A=B; reboot': 'x' } })).rejects.toMatchObject({ type: 'InvalidSpec' });
  await expect(session.run({ title: 'env', script: 'true', env: { A: 'x\0y' } })).rejects.toMatchObject({ type: 'InvalidSpec' });
});

test('the journal has each command by its title, and nothing of what it said', async () => {
  const session = await connect({}, aScope({ operation: 'journal-1', stage: 'Init', attempt: 2 }));
  await session.run({ title: 'tells', script: 'echo script-text', env: { X: 'env-text' }, stdin: 'stdin-text' });
  await session.run({ title: 'fails', script: 'exit 4' }).catch(() => undefined);
  const entries = readJournal('demo', 'journal-1');
  expect(entries).toMatchObject([
    { host: 'test-host', stage: 'Init', attempt: 2, title: 'tells', changes: false, code: 0 },
    { title: 'fails', code: 4 },
  ]);
  expect(JSON.stringify(entries)).not.toMatch(/-text/);
});

test('records that cannot be written break neither the link nor a step that succeeds', async () => {
  process.env.KEELSON_HOME = mkdtempSync(join(home, 'full-'));
  for (const folder of ['logs', 'journal']) writeFileSync(join(process.env.KEELSON_HOME, folder), '');
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const place = { cluster: 'demo', operation: 'init-1', stage: 'Check', host: 'test-host', attempt: 1 };
    const session = await connect();
    const heard = (): Promise<CommandResult> => session.follow({ title: 'tells', script: 'echo a line; sleep 0.1; echo another' }, (line) => appendLog(place, [line]));
    expect([await heard(), await heard()]).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(server?.connections()).toBe(1);
  } finally {
    said.mockRestore();
    process.env.KEELSON_HOME = home;
  }
});
