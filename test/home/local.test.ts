import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureLocal, findLocal, hasDied, type LocalPlace, type LocalProbe, stopLocal } from '../../home/local';
import { isAlive } from '../../home/pid-file';

jest.setTimeout(60_000);

/** Programs that behave as the server and the Temporal worker do, as far as starting and stopping goes. */
const fakeServer = `#!${process.execPath}
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
require('net').createServer().listen(port, '127.0.0.1');
console.log('environment ' + JSON.stringify(process.env));
`;
const fakeWorker = `require('fs').writeFileSync(process.env.KEELSON_HOME + '/polls-' + process.pid, ''); setInterval(() => {}, 1000);`;

let dir: string;
const before = { ...process.env };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-local-'));
  process.env = { ...before, KEELSON_HOME: join(dir, 'home'), KEELSON_SSH_PASSWORD: 'Geheim', MY_API_TOKEN: 'Geheim', TEMPORAL_API_KEY: 'Geheim' };
  mkdirSync(join(dir, 'programs', 'workers'), { recursive: true });
  writeFileSync(join(dir, 'temporal'), fakeServer, { mode: 0o755 });
  writeFileSync(join(dir, 'programs', 'workers', 'main.js'), fakeWorker);
});
afterEach(async () => {
  await stopLocal();
  process.env = before;
  rmSync(dir, { recursive: true, force: true });
});

/** Others on this machine take the usual ports now and then. */
const ports = { server: 20_000 + (process.pid % 10_000), ui: 30_000 + (process.pid % 10_000) };
const place = (buildHash = 'one', encrypts = false): LocalPlace => ({ programs: join(dir, 'programs'), version: '0.0.0', buildHash, encrypts, ports });

function probe(running: readonly string[] = []): LocalProbe & { readonly said: string[] } {
  const said: string[] = [];
  return {
    said,
    say: (line) => said.push(line),
    findTemporal: () => join(dir, 'temporal'),
    isServing: (address) => answers(Number(address.split(':')[1])),
    isPolling: (_address, pid) => Promise.resolve(readdirSync(join(dir, 'home')).includes(`polls-${pid}`)),
    runningOperations: () => Promise.resolve(running),
  };
}

const answers = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).once('error', () => resolve(false));
});
const pids = (): number[] => [findLocal().server?.pid ?? 0, findLocal().worker?.pid ?? 0];

test('starts both, plain pids in the files, and nothing secret in their environment', async () => {
  const local = await ensureLocal(place(), probe());
  expect(readFileSync(join(dir, 'home', 'local', 'server.pid'), 'utf8')).toBe(`${local.server?.pid}\n`);
  expect(readFileSync(join(dir, 'home', 'local', 'worker.pid'), 'utf8')).toBe(`${local.worker?.pid}\n`);
  expect(await answers(Number(local.address.split(':')[1]))).toBe(true);
  expect(readFileSync(join(dir, 'home', 'local', 'server.log'), 'utf8')).not.toContain('Geheim');
  expect(readFileSync(`/proc/${local.worker?.pid}/environ`, 'utf8')).not.toContain('Geheim');
});

test('neither of them can leave a core dump, or a file that others read', async () => {
  await ensureLocal(place(), probe());
  for (const pid of pids()) {
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Umask:\t0077$/m);
  }
});

test('several at once start one of each; the next one starts nothing', async () => {
  const probes = [probe(), probe(), probe()];
  const states = await Promise.all(probes.map((one) => ensureLocal(place(), one)));
  expect(new Set(states.map(({ server, worker }) => `${server?.pid} ${worker?.pid}`)).size).toBe(1);
  expect(probes.flatMap(({ said }) => said)).toHaveLength(2);
  const again = probe();
  await ensureLocal(place(), again);
  expect(again.said).toEqual([]);
});

test('what was killed is started again, at the same port; what lives is kept', async () => {
  const first = await ensureLocal(place(), probe());
  process.kill(first.server?.pid ?? 0, 'SIGKILL');
  await gone(() => findLocal().server === undefined);
  const second = await ensureLocal(place(), probe());
  expect(second.address).toBe(first.address);
  expect(second.worker?.pid).toBe(first.worker?.pid);
  process.kill(second.worker?.pid ?? 0, 'SIGKILL');
  await gone(() => findLocal().worker === undefined);
  const third = await ensureLocal(place(), probe());
  expect(third.server?.pid).toBe(second.server?.pid);
  expect(third.worker?.pid).not.toBe(second.worker?.pid);
});

test('what was stopped stays stopped, whoever looks after it; what died is started again', async () => {
  await ensureLocal(place(), probe());
  const [server] = pids();
  // As an open view does, in a process of its own and as often as it can.
  let over = false;
  const keeper = (async () => {
    while (!over) {
      if (hasDied()) await ensureLocal(place(), probe(), { died: true });
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
  })();
  try {
    process.kill(server!, 'SIGKILL');
    await gone(() => ![undefined, server].includes(findLocal().server?.pid));
    await gone(() => findLocal().worker !== undefined);
    expect((await stopLocal()).length).toBe(2);
    // It has looked many times since.
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    expect([findLocal().server, findLocal().worker, hasDied()]).toEqual([undefined, undefined, false]);
  } finally {
    over = true;
    await keeper;
  }
});

test('a stop beside a start waits for it, and ends what that one has started', async () => {
  const starting = ensureLocal(place(), probe());
  await gone(() => existsSync(join(dir, 'home', 'local', 'start.lock')));
  const [ended, local] = await Promise.all([stopLocal(), starting]);
  expect(ended.sort()).toEqual([local.server!.pid, local.worker!.pid].sort());
  expect([local.server!, local.worker!].filter(isAlive)).toEqual([]);
});

test('a port that is taken is left to its owner', async () => {
  const owner = createServer();
  const free = (await ensureLocal(place(), probe())).address;
  await stopLocal();
  const port = Number(free.split(':')[1]);
  await new Promise<void>((resolve) => owner.listen(port, '127.0.0.1', resolve));
  try {
    const local = await ensureLocal(place(), probe());
    expect(local.address).not.toBe(free);
    expect(findLocal().server).toBeDefined();
  } finally {
    owner.close();
  }
});

test('a Temporal worker of another build is replaced when idle, and defended while it works', async () => {
  await ensureLocal(place('one'), probe());
  const [, old] = pids();
  await expect(ensureLocal(place('two'), probe(['cluster/prod/init-1']))).rejects.toMatchObject({ type: 'ClusterBusy', message: expect.stringContaining('cluster/prod/init-1') as string });
  expect(pids()[1]).toBe(old);
  const local = await ensureLocal(place('two'), probe());
  expect(local.worker?.pid).not.toBe(old);
  expect(local.worker?.buildHash).toBe('two');
});

test('one that writes histories in clear is replaced for who wants them encrypted, and never the other way round', async () => {
  const clear = await ensureLocal(place('one'), probe());
  await expect(ensureLocal(place('one', true), probe(['cluster/prod/init-1']))).rejects.toMatchObject({ type: 'ClusterBusy', message: expect.stringContaining('in clear') as string });
  const encrypting = await ensureLocal(place('one', true), probe());
  expect(encrypting.worker?.pid).not.toBe(clear.worker?.pid);
  expect(readFileSync(`/proc/${encrypting.worker?.pid}/environ`, 'utf8')).toContain('KEELSON_ENCRYPT_HISTORY=1');
  expect((await ensureLocal(place('one'), probe())).worker?.pid).toBe(encrypting.worker?.pid);
});

test('a program that ends at once is an error with its last words', async () => {
  writeFileSync(join(dir, 'temporal'), '#!/bin/sh\necho no such database; exit 3\n', { mode: 0o755 });
  await expect(ensureLocal(place(), probe())).rejects.toThrow(/ended at once[\s\S]*no such database/);
  expect(findLocal().server).toBeUndefined();
});

test('stop ends both and leaves no file behind', async () => {
  const { server, worker } = await ensureLocal(place(), probe());
  expect(await stopLocal()).toEqual([worker?.pid, server?.pid]);
  expect([server, worker].map((one) => one && isAlive(one))).toEqual([false, false]);
  expect(readdirSync(join(dir, 'home', 'local')).sort()).toEqual(['server.log', 'worker.log']);
});

async function gone(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 25_000; !isSo() && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isSo()).toBe(true);
}
