import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemote } from '../../activities/adapters/remote';
import { knownHosts } from '../../client/known-hosts';
import { fingerprintOfKey } from '../../activities/adapters/ssh/host-key';
import type { Remote } from '../../activities/ports';
import { clusterfileSpec } from '../../client/clusterfile-spec';
import { parseClusterfile } from '../../domain/clusterfile';
import type { HostTarget } from '../../domain/cluster';
import { aScope, aTarget, newHostKey, newLoginKey, newRsaHostKey, openSecrets, startMute, startServer, type ServerOptions, type TestServer } from './ssh-server';

const home = mkdtempSync(join(tmpdir(), 'keelson-'));
let remote: Remote;
let server: TestServer | undefined;

beforeAll(() => { process.env.KEELSON_HOME = home; });
beforeEach(() => { remote = createRemote({ secrets: openSecrets, readyMs: 15_000 }); });
afterEach(async () => {
  await remote.close();
  await server?.close();
  server = undefined;
});
afterAll(() => {
  delete process.env.KEELSON_HOME;
  rmSync(home, { recursive: true, force: true });
});

async function serve(options: ServerOptions = {}): Promise<TestServer> {
  server = await startServer({ password: 'right-password', ...options });
  return server;
}
const refusal = (target: HostTarget) => remote.to(target, aScope()).then(() => 'let in', (error: unknown) => error);

describe('logging in', () => {
  test('a wrong password is tried once, and named', async () => {
    const { port, attempts } = await serve({ methods: ['password', 'keyboard-interactive'] });
    expect(await refusal(aTarget(port, { access: { user: 'root', password: 'wrong-password' } }))).toMatchObject({
      type: 'AuthenticationFailed', retryable: false, message: expect.stringMatching(/tried: password; the host takes: password/) as string,
      details: { host: 'test-host', todo: expect.any(String) as string },
    });
    expect(attempts).toEqual(['password:no']);
  });

  test('errors do not hold the password', async () => {
    const { port } = await serve();
    const error = await refusal(aTarget(port, { access: { user: 'root', password: 'wrong-password' } }));
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('wrong-password');
  });

  test('a host that takes passwords by keyboard-interactive only is answered there', async () => {
    const { port, attempts } = await serve({ methods: ['keyboard-interactive'] });
    const session = await remote.to(aTarget(port), aScope());
    expect(await session.run({ title: 'echo', script: 'echo in' })).toBe('in\n');
    expect(attempts).toEqual(['keyboard-interactive:yes']);
  });

  test('a key opened by its passphrase lets us in', async () => {
    const { privateKey, publicKey } = newLoginKey('open sesame');
    const { port } = await serve({ publicKey });
    const session = await remote.to(aTarget(port, { access: { user: 'root', privateKey, passphrase: 'open sesame' } }), aScope());
    expect(await session.run({ title: 'echo', script: 'echo in' })).toBe('in\n');
  });

  test.each([
    ['a wrong passphrase', 'wrong', /passphrase .* is wrong/],
    ['no passphrase', undefined, /protected by a passphrase/],
  ])('%s is found without connecting', async (_what, passphrase, message) => {
    const { privateKey, publicKey } = newLoginKey('open sesame');
    const { port, connections } = await serve({ publicKey });
    const access = { user: 'root', privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
    expect(await refusal(aTarget(port, { access }))).toMatchObject({ type: 'AuthenticationFailed', message: expect.stringMatching(message) as string });
    expect(connections()).toBe(0);
  });

  test('a key that the host does not know is followed by the password', async () => {
    const { port, attempts } = await serve({ publicKey: newLoginKey().publicKey });
    const { privateKey } = newLoginKey();
    await remote.to(aTarget(port, { access: { user: 'root', privateKey, password: 'right-password' } }), aScope());
    expect(attempts).toEqual(['publickey:no', 'password:yes']);
  });

  test('another password does not share the connection of the right one', async () => {
    const { port } = await serve();
    await remote.to(aTarget(port), aScope());
    expect(await refusal(aTarget(port, { access: { user: 'root', password: 'wrong-password' } }))).toMatchObject({ type: 'AuthenticationFailed' });
  });
});

describe('reaching', () => {
  test('a closed port says refused, and what to do', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => { probe.close(resolve); });
    expect(await refusal(aTarget(port))).toMatchObject({
      type: 'HostUnreachable', retryable: true, message: expect.stringContaining('refused') as string, details: { todo: expect.stringContaining('sshd') as string },
    });
  });

  test('a host that hangs is given up after the time for it', async () => {
    const mute = await startMute();
    remote = createRemote({ secrets: openSecrets, readyMs: 200 });
    expect(await refusal(aTarget(mute.port))).toMatchObject({ type: 'HostUnreachable', message: expect.stringContaining('does not answer') as string });
    mute.close();
  });

  test('a cancelled wait for a host that hangs ends as cancelled', async () => {
    const mute = await startMute();
    remote = createRemote({ secrets: openSecrets, readyMs: 500 });
    const abort = new AbortController();
    const waiting = remote.to(aTarget(mute.port), aScope({ signal: abort.signal })).catch((error: unknown) => error);
    abort.abort();
    expect(await waiting).toMatchObject({ name: 'CancelledFailure' });
    mute.close();
  });
});

describe('host keys', () => {
  test('first contact tells the key; it is accepted again when recorded, by whatever name of its kind', async () => {
    for (const hostKey of [newHostKey(), newRsaHostKey()]) {
      const { port } = await serve({ hostKey });
      const first = await remote.to(aTarget(port), aScope());
      expect(first.fingerprint).toBe(fingerprintOfKey(first.hostKey));
      const second = await remote.to(aTarget(port, { pinnedKey: first.hostKey }), aScope({ n: 2 }));
      expect(second.hostKey).toBe(first.hostKey);
      await server?.close();
    }
  });

  test('another key than the recorded one is refused with both fingerprints, before any login', async () => {
    const { port, attempts } = await serve();
    const known = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';
    const error = await refusal(aTarget(port, { pinnedKey: known }));
    expect(error).toMatchObject({ type: 'HostKeyMismatch', retryable: false, details: { todo: expect.stringContaining('ssh-keygen -R') as string } });
    expect(String(error)).toContain(fingerprintOfKey(known));
    expect(String(error).match(/SHA256:/g)).toHaveLength(2);
    expect(attempts).toEqual([]);
  });

  test('a key that changes between two connections of one operation is refused', async () => {
    const first = await serve();
    const session = await remote.to(aTarget(first.port), aScope());
    await first.close();
    await serve({ port: first.port });
    await expect(session.run({ title: 'echo', script: 'echo in' })).rejects.toMatchObject({ type: 'HostKeyMismatch' });
  });

  test('an open connection is measured by a key that is recorded later', async () => {
    const { port } = await serve();
    await remote.to(aTarget(port), aScope());
    const known = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';
    expect(await refusal(aTarget(port, { pinnedKey: known }))).toMatchObject({ type: 'HostKeyMismatch' });
  });

  test('at first contact the key is that of who is there now: a connection of before does not speak for it', async () => {
    remote = createRemote({ secrets: openSecrets, readyMs: 15_000, freshMs: -1 });
    const first = await serve();
    const before = await remote.to(aTarget(first.port), aScope());
    // The machine is replaced, and nobody is told: the old connection stays open.
    first.leave();
    const second = await startServer({ password: 'right-password', port: first.port });
    const session = await remote.to(aTarget(first.port), aScope({ uid: 'uid-2' }));
    expect(session.hostKey).not.toBe(before.hostKey);
    expect(await session.run({ title: 'echo', script: 'echo in' })).toBe('in\n');
    await second.close();
  });

  test('known_hosts speaks beside the recorded key', async () => {
    const { port } = await serve();
    const { hostKey } = await remote.to(aTarget(port), aScope());
    const old = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';
    await expect(remote.to(aTarget(port, { pinnedKey: old, knownKeys: [hostKey] }), aScope())).resolves.toBeDefined();
  });

  test('a fingerprint that a person named is enough, with or without its type; another one is refused', async () => {
    const { port } = await serve();
    const { hostKey, fingerprint } = await remote.to(aTarget(port), aScope());
    for (const known of [fingerprint, `${hostKey.split(' ')[0]!} ${fingerprint}`]) {
      await expect(remote.to(aTarget(port, { knownKeys: [known] }), aScope({ n: 2 }))).resolves.toBeDefined();
    }
    const other = `SHA256:${'a'.repeat(43)}`;
    for (const [known, words] of [[`ssh-rsa ${fingerprint}`, `${fingerprint} (ssh-rsa)`], [other, other]] as const) {
      expect(await refusal(aTarget(port, { knownKeys: [known] }))).toMatchObject({
        type: 'HostKeyMismatch', message: expect.stringContaining(`but ${words} is known`) as string,
        details: { todo: expect.stringContaining(`--host-key '${hostKey.split(' ')[0]!} ${fingerprint}'`) as string },
      });
    }
  });

  test('keys that the Clusterfile names count alone: one of them is enough, what was known or recorded is no more', async () => {
    const { port } = await serve();
    const { hostKey, fingerprint } = await remote.to(aTarget(port), aScope());
    const old = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';
    const named = (keys: readonly string[]) => {
      const text = `apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: c}\nspec: {ssh: {passwd: x}, hosts: [{ips: ['127.0.0.1:${port}'], roles: [master], hostKeys: ${JSON.stringify(keys)}}]}\n`;
      const sources = { settings: () => ({}), knownKeys: () => [hostKey], own: [] };
      const flags = { env: [], cmd: [], configFile: [], values: [], set: [] };
      return clusterfileSpec(parseClusterfile(text, { file: 'Clusterfile' }).documents, { flags, logins: { flags: {}, environment: {} }, sources, saved: undefined }).hosts[0]!;
    };
    const target = (keys: readonly string[]): HostTarget => {
      const { knownKeys, hostKeys } = named(keys);
      return aTarget(port, { pinnedKey: hostKey, strictHostKeys: true, ...(knownKeys ? { knownKeys } : {}), ...(hostKeys ? { hostKeys } : {}) });
    };
    for (const keys of [[fingerprint], [old, `127.0.0.1 ${hostKey}`], []]) await expect(remote.to(target(keys), aScope({ n: 2 }))).resolves.toBeDefined();
    expect(await refusal(target([old]))).toMatchObject({ type: 'HostKeyMismatch', message: expect.stringContaining(`but ${fingerprintOfKey(old)} (ssh-ed25519) is known`) as string });
  });

  test('a key that known_hosts revokes is refused, at first contact and however well it is known', async () => {
    const { port } = await serve();
    const { hostKey, fingerprint } = await remote.to(aTarget(port), aScope());
    const known = knownHosts(`@revoked * ${hostKey}\n[127.0.0.1]:${port} ${hostKey}\n`)('127.0.0.1', port);
    for (const more of [{ knownKeys: [known[0]!] }, { knownKeys: known }, { knownKeys: known, pinnedKey: hostKey }, { knownKeys: known, hostKeys: [hostKey] }]) {
      expect(await refusal(aTarget(port, more))).toMatchObject({
        type: 'HostKeyMismatch', message: expect.stringContaining(`${fingerprint} (ssh-ed25519), which known_hosts revokes`) as string, details: { todo: expect.stringContaining('keelson amend') as string },
      });
    }
    const other = `@revoked ${'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm'}`;
    await expect(remote.to(aTarget(port, { knownKeys: [other] }), aScope({ n: 2 }))).resolves.toBeDefined();
  });

  test('with strict checking an unknown key is refused', async () => {
    const { port } = await serve();
    expect(await refusal(aTarget(port, { strictHostKeys: true }))).toMatchObject({
      type: 'HostKeyMismatch', message: expect.stringContaining('not known') as string, details: { todo: expect.stringContaining('ssh-keyscan') as string },
    });
  });
});
