import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { copyToHost } from '../../activities/copy-to-host';
import type { Deps } from '../../activities/deps';
import { execOnHost } from '../../activities/exec-on-host';
import { readFileTree } from '../../home/file-tree';
import { describeOnHosts, type LabUser } from './lab';
import { openSecrets } from './lab-scope';

jest.setTimeout(120_000);

const quiet = (): MockActivityEnvironment => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

describeOnHosts('commands and copies over a real sshd', 'exec', 1, (lab) => {
  let printed: string[] = [];
  const deps = (): Deps => ({ remote: lab.remote, secrets: openSecrets, log: (_at, line) => { printed.push(line); } }) as Deps;
  const where = (operation = `scp-${randomBytes(4).toString('hex')}`) => ({ cluster: 'lab', uid: 'uid-1', n: 0, operation, stage: 'Copy' });
  const exec = (command: string, user: LabUser = 'root', environment = quiet(), timeoutMs = 60_000) =>
    environment.run(execOnHost(deps()), { where: where('exec-1'), host: lab.target(user), command, timeoutMs });
  const copy = async (source: string, destination: string, user: LabUser = 'root') =>
    quiet().run(copyToHost(deps()), { where: where(), host: lab.target(user), source, destination, digest: (await readFileTree(source)).digest });
  const on = async (script: string): Promise<string> => (await lab.session('root')).run({ title: 'look', script });

  let dir: string;
  beforeEach(() => {
    printed = [];
    dir = mkdtempSync(join(tmpdir(), 'keelson-copy-'));
  });
  afterEach(() => { rmSync(dir, { recursive: true, force: true }); });

  test.each<LabUser>(['root', 'ops', 'free'])('a command of %s runs as root, in root\'s home, with nothing on stdin; output and code are its own', async (user) => {
    expect(await exec('id -un; pwd; cat; echo "it\'s $((1+1))" >&2; exit 97', user)).toEqual({ code: 97 });
    expect(printed.sort()).toEqual(['/root', "it's 2", 'root']);
  });

  test('a command that nobody waits for any more is ended with all that it started', async () => {
    const seconds = `8${randomBytes(2).readUInt16BE()}`;
    const environment = quiet();
    const running = exec(`echo started; sleep ${seconds} & setsid -w sleep 0; sleep ${seconds}`, 'root', environment).catch((error: unknown) => error);
    while (!printed.includes('started')) await new Promise((resolve) => setTimeout(resolve, 20));
    environment.cancel('CANCELLED');
    expect(await running).toMatchObject({ name: 'CancelledFailure' });
    expect(await on(`ps -eo args | grep -c "[s]leep ${seconds}" || true`)).toBe('0\n');
  });

  test('a command that takes too long is ended, and says so', async () => {
    await expect(exec('sleep 77', 'root', quiet(), 300)).rejects.toMatchObject({ type: 'CommandTimedOut' });
  });

  test.each<LabUser>(['root', 'ops'])('a folder arrives whole as %s: names, modes, links, large files; what was there stays, and nothing else is left', async (user) => {
    const large = randomBytes(9 * 1024 * 1024);
    mkdirSync(join(dir, 'deep/er'), { recursive: true });
    writeFileSync(join(dir, 'deep/er', 'ein Name "mit" $allem'), 'text\n');
    writeFileSync(join(dir, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(dir, 'large'), large);
    chmodSync(join(dir, 'large'), 0o640);
    symlinkSync('run.sh', join(dir, 'link'));
    const to = `/srv/copy-${user}`;
    await on(`mkdir -p ${to}/deep; chmod 711 ${to} ${to}/deep; echo kept >${to}/deep/before; echo old >${to}/run.sh`);
    expect(await copy(dir, to, user)).toEqual({ files: 3, bytes: large.length + 15 });
    expect(await on(`cd ${to}; cat "deep/er/ein Name \\"mit\\" \\$allem" deep/before; readlink link; stat -c '%a %U %n' run.sh large . deep; sha256sum <large; ls -A /var/lib/keelson/fence 2>/dev/null | grep -c scp; find . -name '.staging*'`))
      .toBe(`text\nkept\nrun.sh\n755 root run.sh\n640 root large\n711 root .\n711 root deep\n${createHash('sha256').update(large).digest('hex')}  -\n0\n`);
    // Once more: it is all there, so nothing goes out; what was changed there by hand comes again.
    expect(await copy(dir, to, user)).toEqual({ files: 0, bytes: 0 });
    await on(`printf x | dd of=${to}/large bs=1 seek=5000000 conv=notrunc 2>/dev/null`);
    expect(await copy(dir, to, user)).toMatchObject({ files: 1 });
  });

  test('a file takes the name of the destination, or goes into a folder', async () => {
    const file = join(dir, 'motd');
    writeFileSync(file, 'hello\n');
    await copy(file, '/srv/new/folder/name');
    await copy(file, '/srv/new/folder');
    await copy(file, '/srv/other/');
    expect(await on('cat /srv/new/folder/name /srv/new/folder/motd /srv/other/motd')).toBe('hello\n'.repeat(3));
  });

  test('a staging that somebody else has made is refused: what lies in it would be theirs', async () => {
    writeFileSync(join(dir, 'secret'), 'x');
    for (const theirs of ['install -d -o ops /srv/theirs/.staging', 'ln -s /home/ops /srv/theirs/.staging']) {
      await on(`rm -rf /srv/theirs; mkdir /srv/theirs; ${theirs}`);
      await expect(copy(dir, '/srv/theirs')).rejects.toThrow("/srv/theirs/.staging is not root's own folder");
    }
    expect(await on('ls -A /srv/theirs /home/ops | grep -c scp-; rm -r /srv/theirs')).toBe('0\n');
  });

  test('a folder in the place of a file is refused before anything is changed, and so is a source that changed', async () => {
    writeFileSync(join(dir, 'taken'), 'x');
    await on('mkdir -p /srv/clash/taken');
    await expect(copy(dir, '/srv/clash')).rejects.toThrow('/srv/clash/taken is a folder there');
    await expect(copy(dir, '/etc/hostname')).rejects.toThrow('/etc/hostname is there and no folder');
    const digest = '0'.repeat(64);
    await expect(quiet().run(copyToHost(deps()), { where: where(), host: lab.target('root'), source: dir, destination: '/srv/x', digest })).rejects.toThrow('not what the client saw');
    expect(await on('ls -A /srv/clash/taken; ls -d /srv/x 2>/dev/null; find /srv -name .staging; true')).toBe('');
  });
});
