import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { createObserve } from '../../activities/observe';
import type { Remote, Scope, Session } from '../../activities/ports';
import type { HostTarget } from '../../domain/cluster';
import type { Command } from '../../domain/command';
import { ClusterError } from '../../domain/errors';
import { aHost } from '../fixtures';

const host: HostTarget = { ...aHost('10.0.0.1', 'master'), cluster: 'default', access: { user: 'root' }, strictHostKeys: false };
const scope = { signal: new AbortController().signal } as Scope;

/** A remote whose hosts answer like this; an error is thrown at the next question. */
function remoteWith(...answers: (string | Error)[]): Remote {
  const run = (): Promise<string> => {
    const next = answers.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? '');
  };
  return { to: () => Promise.resolve({ host: host.id, hostKey: 'ssh-ed25519 AAAA', fingerprint: 'SHA256:x', run } as unknown as Session), close: () => Promise.resolve() };
}
const observe = (remote: Remote, clock = Date.now) => createObserve({ remote, clock })({ host, cluster: 'default', scope });
const gone = (type: 'HostUnreachable' | 'Disconnected') => new ClusterError(type, `${type}!`, { todo: 'do something' });

const thisMachine: Remote = {
  to: () => Promise.resolve({
    run: ({ script }: Command) => Promise.resolve(execFileSync('bash', { input: script, encoding: 'utf8' })), host: host.id, hostKey: '', fingerprint: '',
  } as unknown as Session),
  close: () => Promise.resolve(),
};

test('this very machine answers in full, and nothing of it changes', async () => {
  const facts = await observe(thisMachine);
  expect(facts).toMatchObject({ reachable: true, hostname: hostname(), clockSkewMs: 0 });
  expect(facts.memoryMiB).toBeGreaterThan(0);
  expect(Object.keys(facts.freeBytes ?? {}).length).toBeGreaterThan(0);
  expect(Object.keys(facts.fileSystems ?? {})).toEqual(Object.keys(facts.freeBytes ?? {}));
  expect(facts.addresses?.length).toBeGreaterThan(0);
  expect(facts.missingTools).not.toContain('tar');
});

test('places that the spec names are looked at: the folder that a new one will be made in, and the port', async () => {
  const dir = mkdtempSync(join(tmpdir(), "keelson it's "));
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => { server.once('listening', resolve); });
    const { port } = server.address() as { port: number };
    const look = (registryPort: number) => createObserve({ remote: thisMachine })({ host, cluster: 'default', scope, places: { criData: join(dir, 'to/be/made'), registryPort } });
    const facts = await look(port);
    expect(facts.busyPorts).toContainEqual({ port, process: expect.any(String) as string });
    expect(facts.freeBytes?.[dir]).toBeGreaterThan(0);
    expect(facts.fileSystems?.[dir]).toMatch(/^\d+$/);
    expect((await look(1)).busyPorts?.map((one) => one.port)).not.toContain(port);
  } finally {
    server.close();
    rmSync(dir, { recursive: true });
  }
});

test('a host that cannot be reached is a fact', async () => {
  const remote: Remote = { to: () => Promise.reject(gone('HostUnreachable')), close: () => Promise.resolve() };
  expect(await observe(remote)).toEqual({
    host: host.id, reachable: false, problem: { type: 'HostUnreachable', message: 'HostUnreachable!', todo: 'do something' }, trees: {}, done: [], joined: false, controlPlane: false,
  });
});

test('an answer that makes no sense is a fact, too', async () => {
  expect(await observe(remoteWith('garbage'))).toMatchObject({ reachable: false, problem: { type: 'CommandFailed' } });
});

const answer = 'keelson-probe 1\nclock=1000000000\nhostname=n\nkernel=6\narch=x86_64\ncpus=1\nmemoryMiB=1\nkeelson-probe end\n';

describe('one failed look would end the operation before its first change, so', () => {
  test('what may pass is looked at again', async () => {
    expect(await observe(remoteWith(gone('Disconnected'), answer), () => 1_000)).toMatchObject({ reachable: true, hostKey: 'ssh-ed25519 AAAA', fingerprint: 'SHA256:x' });
    expect(await observe(remoteWith(gone('Disconnected'), gone('HostUnreachable'), 'garbage', answer), () => 1_000)).toMatchObject({ reachable: true });
  });

  test('what may pass is looked at again where each look takes its time, too: of many at once, or on a busy machine', async () => {
    let now = 0;
    const clock = () => (now += 1_500);
    expect(await observe(remoteWith(gone('Disconnected'), 'garbage', answer), clock)).toMatchObject({ reachable: true });
  });

  test('what stays is a fact in the end', async () => {
    const always = Array.from({ length: 5 }, () => gone('Disconnected'));
    expect(await observe(remoteWith(...always, answer))).toMatchObject({ reachable: false, problem: { type: 'Disconnected' } });
  });

  test('a refused login is not tried again: that could lock the account', async () => {
    expect(await observe(remoteWith(new ClusterError('AuthenticationFailed', 'no'), answer))).toMatchObject({ reachable: false, problem: { type: 'AuthenticationFailed' } });
  });

  test('a host that took its time to say nothing is not waited for again', async () => {
    let now = 0;
    const clock = () => (now += 6_000);
    expect(await observe(remoteWith(gone('HostUnreachable'), answer), clock)).toMatchObject({ reachable: false, problem: { type: 'HostUnreachable' } });
  });
});

test('cancelling and our own mistakes are thrown', async () => {
  await expect(observe(remoteWith(new CancelledFailure('CANCELLED')))).rejects.toThrow(CancelledFailure);
  await expect(observe(remoteWith(new TypeError('a bug')))).rejects.toThrow(TypeError);
});
