import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { createRemote } from '../../activities/adapters/remote';
import type { HostTarget } from '../../domain/cluster';
import { describeOnHosts, type LabUser } from './lab';
import { labScope, openSecrets } from './lab-scope';

jest.setTimeout(180_000);

describeOnHosts('over a real sshd', 'ssh', 1, (lab) => {
  const refusal = (target: HostTarget) => lab.remote.to(target, labScope()).then(() => 'let in', (error: unknown) => error);

  describe.each<[string, LabUser, number]>([
    ['as root', 'root', 40], ['with sudo that asks for a password', 'ops', 12], ['with sudo that asks for none', 'free', 30],
  ])('%s', (_how, user, runs) => {
    test('any text arrives as it is, in the environment and on stdin, and the script runs as root (peers.md #5)', async () => {
      const session = await lab.session(user);
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }).map((value) => Buffer.from(value.replaceAll('\0', '')).toString()),
        fc.constantFrom(`'"'"'`, '$(touch /tmp/pwned)', '`touch /tmp/pwned`', '\\\n', '!!', `'; touch /tmp/pwned #`, '\r\n', '', '-e'),
      );
      await fc.assert(fc.asyncProperty(text, text, async (value, input) => {
        const told = await session.run({
          title: 'echo', script: 'id -u; printf %s "$KEELSON_TEST" | base64 -w0; echo; base64 -w0', env: { KEELSON_TEST: value }, stdin: input,
        });
        const [uid, env, stdin] = told.split('\n');
        expect([uid, Buffer.from(env!, 'base64').toString(), Buffer.from(stdin!, 'base64').toString()]).toEqual(['0', value, input]);
      }), { numRuns: runs });
      expect(await session.run({ title: 'look', script: 'ls /tmp/pwned 2>/dev/null', okCodes: [2] })).toBe('');
    });

    test('a cancel leaves no process', async () => {
      const abort = new AbortController();
      const session = await lab.session(user, { signal: abort.signal });
      const seconds = `7${randomBytes(2).readUInt16BE()}`;
      const running = session.follow({ title: 'sleeps', script: `echo started; sleep ${seconds} & sleep ${seconds}` }, (line) => {
        if (line === 'started') abort.abort();
      }).catch((error: unknown) => error);
      expect(await running).toMatchObject({ name: 'CancelledFailure' });
      const other = await lab.session(user);
      expect(await other.run({ title: 'ps', script: `ps -eo args | grep "[s]leep ${seconds}"`, okCodes: [1] })).toBe('');
    });

    test('neither password nor a secret on stdin is in an argv or environment on the host', async () => {
      const session = await lab.session(user);
      const secret = `canary-${randomBytes(8).toString('hex')}`;
      const watch = 'for p in /proc/[0-9]*; do for f in cmdline environ; do tr "\\0" "\\n" <$p/$f 2>/dev/null; done; done; true';
      const password = lab.target(user).access.password!;
      // The command sees itself: all processes of its own are there while it looks.
      const seen = await session.run({ title: 'look', script: `read -r token; (sleep 2) & sudo -n true 2>/dev/null; ${watch}`, stdin: `${secret}\n` });
      expect(seen).toContain('keelson_program');
      expect(seen).not.toContain(secret);
      expect(seen).not.toContain(password);
    });
  });

  test('a user without sudo rights is told so', async () => {
    expect(await refusal(lab.target('plain'))).toMatchObject({
      type: 'SudoDenied', retryable: false, message: expect.stringContaining('no sudo rights') as string, details: { todo: expect.stringContaining('sudoers') as string },
    });
  });

  test('sudo that asks for a password when none is known says so', async () => {
    expect(await refusal(lab.target('ops', {}, { password: undefined, privateKey: lab.key }))).toMatchObject({
      type: 'SudoDenied', message: expect.stringContaining('none was given') as string,
    });
  });

  test('sudo with another password than the one for it is refused', async () => {
    expect(await refusal(lab.target('ops', {}, { password: 'not-that-one', privateKey: lab.key }))).toMatchObject({
      type: 'SudoDenied', message: expect.stringContaining('does not take the login password') as string,
    });
  });

  test('a wrong password and an unknown key are refused', async () => {
    expect(await refusal(lab.target('root', {}, { password: 'wrong' }))).toMatchObject({ type: 'AuthenticationFailed', message: expect.stringContaining('tried: password') as string });
    const dir = mkdtempSync(join(tmpdir(), 'keelson-'));
    try {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'a passphrase', '-f', join(dir, 'key')]);
      const privateKey = readFileSync(join(dir, 'key'), 'utf8');
      const access = { password: undefined, privateKey };
      expect(await refusal(lab.target('root', {}, { ...access, passphrase: 'a passphrase' }))).toMatchObject({ type: 'AuthenticationFailed', message: expect.stringContaining('tried: key ssh-ed25519') as string });
      expect(await refusal(lab.target('root', {}, { ...access, passphrase: 'another' }))).toMatchObject({ type: 'AuthenticationFailed', message: expect.stringContaining('passphrase') as string });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('refused ports and changed host keys are named', async () => {
    expect(await refusal(lab.target('root', { port: 2 }))).toMatchObject({ type: 'HostUnreachable', message: expect.stringContaining('refused') as string });
    const { hostKey, fingerprint } = await lab.session('root');
    expect(execFileSync('ssh-keyscan', ['-t', 'ed25519', lab.addresses[0]!], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain(hostKey.split(' ')[1]);
    const other = `${hostKey.slice(0, -8)}AAAAAAAA`;
    const error = await refusal(lab.target('root', { pinnedKey: other }));
    expect(error).toMatchObject({ type: 'HostKeyMismatch', message: expect.stringContaining(fingerprint) as string });
  });

  test('the limit of sshd is found, and kept', async () => {
    const session = await lab.session('root');
    await session.run({
      title: 'a second sshd', script: 'systemd-run --quiet --unit=few /usr/sbin/sshd -D -p 2222 -o MaxSessions=3; until (exec 3<>/dev/tcp/127.0.0.1/2222) 2>/dev/null; do read -r -t 0.05 <> <(:); done; true',
    });
    const remote = createRemote({ secrets: openSecrets });
    try {
      const few = await remote.to(lab.target('root', { port: 2222 }), labScope());
      const all = await Promise.all(Array.from({ length: 20 }, (_, i) => few.run({ title: 'echo', script: `echo ${i}` })));
      expect(all.map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    } finally {
      await remote.close();
      await session.run({ title: 'end it', script: 'systemctl stop few' });
    }
  });

  test('200 MB arrive whole', async () => {
    const session = await lab.session('ops');
    const hash = createHash('sha256');
    async function* source(): AsyncGenerator<Buffer> {
      const block = randomBytes(256 * 1024);
      for (let i = 0; i < 800; i += 1) {
        block.writeUInt32BE(i);
        hash.update(block);
        yield await Promise.resolve(Buffer.from(block));
      }
    }
    const sum = await session.feed({ title: 'sum', script: 'sha256sum | cut -c1-64' }, source());
    expect(sum.trim()).toBe(hash.digest('hex'));
  });
});
