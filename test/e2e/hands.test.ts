import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, Home, images, Lab, scenario } from './harness';
import { smallImage } from './small-image';

const name = 'hands';

/**
 * People's words and images on one cluster: a pause in the middle of an install through a killed Temporal worker, an
 * application that is installed, replaced with leave and comes back, a patch that reaches a new host, and a login that is
 * amended on the way. Cancels: test/fleet/hands.test.ts and test/fleet/cancel-while-away.test.ts.
 */
scenario('human hands, and images on a running cluster', () => {
  const lab = new Lab('e2e-hands');
  const home = new Home();
  const keys = mkdtempSync(join(tmpdir(), 'keelson-keys-'));
  let [leader, first, second] = ['', '', ''];
  const ok = async (...args: string[]) => {
    const ran = await home.run([...args, '--cluster', name]);
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    return ran;
  };
  interface Report { readonly view: { readonly paused?: object; readonly acts: { what: string; by: string }[]; readonly running?: { operation: string; waiting?: { kind: string; reason: string; planHash: string; message: string } } } }
  const status = async (): Promise<Report> => JSON.parse((await home.run(['status', name, '--json', '--no-look'])).stdout) as Report;
  const waits = (kind: string) => eventually(`a wait: ${kind}`, async () => {
    const waiting = (await status()).view.running?.waiting;
    return waiting?.kind === kind && waiting;
  }, 360_000);
  const said = (host: string, file: string): string[] => lab.on(host, `cat ${file} 2>/dev/null || true`).split('\n').filter(Boolean);
  const ref = (image: string) => `localhost/keelson/hands-${image}`;

  beforeAll(async () => {
    [leader = '', first = '', second = ''] = lab.up(3);
    await smallImage(home, { ref: ref('app:1'), kind: 'application', commands: ['echo one-a >>/root/app', 'echo one-b >>/root/app'] });
    await smallImage(home, { ref: ref('app:2'), kind: 'application', commands: ['echo two-a >>/root/app', 'test -e /root/leave || { echo no leave yet; exit 7; }', 'echo two-c >>/root/app'] });
    await smallImage(home, { ref: ref('patch:1'), kind: 'patch', commands: ['echo patched >>/root/patch'] });
  }, 600_000);
  afterAll(async () => {
    await home.close();
    lab.down();
    rmSync(keys, { recursive: true, force: true });
  }, 360_000);

  test('a pause: what runs ends, then no command reaches a host, through a killed Temporal worker; resume goes on', async () => {
    const install = home.start(['run', ...images('kubernetes', 'flannel'), '--cluster', name, '--masters', leader, '--nodes', first, '--pk', lab.key]);
    await lab.until(leader, 'kubeadm init', 'pgrep -f "^(/usr/bin/)?kubeadm init --config" >/dev/null');
    await ok('pause', '--by', 'ana@desk', '--reason', 'a look at the racks');
    await waits('pause');
    expect((await install.ended).code).toBe(3);
    // A status looks at the hosts as well: what the operation does is counted.
    const commands = () => home.journal(name).filter(({ operation }) => operation === 'init-1').length;
    const before = commands();
    expect(lab.on(leader, 'test -e /etc/kubernetes/admin.conf && echo there')).toBe('there\n');
    await home.kill('worker');
    // Starts the Temporal worker anew.
    expect((await home.run(['status', name])).stdout).toContain('paused by ana@desk');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(commands()).toBe(before);
    expect((await home.run(['pause', name])).code).toBe(2);
    await ok('resume', '--by', 'bo@desk');
    await ok('watch', '--wait');
    expect(lab.nodes(leader)).toEqual({ [lab.name(leader)]: 'Ready', [lab.name(first)]: 'Ready' });
    expect((await status()).view.acts.map(({ what, by }) => `${what} ${by}`)).toEqual(expect.arrayContaining(['pause ana@desk', 'resume bo@desk']));
  }, 600_000);

  test('an application is installed once; another version waits for leave, tells which command failed, and does the rest; the first comes back', async () => {
    await ok('run', ref('app:1'));
    expect((await ok('run', ref('app:1'))).stdout).toContain('found nothing to do');
    expect(said(leader, '/root/app')).toEqual(['one-a', 'one-b']);

    const asked = await home.run(['run', ref('app:2'), '--cluster', name]);
    expect({ code: asked.code, stdout: asked.stdout }).toMatchObject({ code: 3 });
    const { planHash } = await waits('approval');
    expect(asked.stdout).toContain(`keelson approve ${name} --plan-hash ${planHash}`);
    expect(await home.run(['approve', name, '--plan-hash', 'stale'])).toMatchObject({ code: 4 });
    expect(said(leader, '/root/app')).toEqual(['one-a', 'one-b']);
    const approved = home.start(['approve', name, '--plan-hash', planHash]);
    const failure = await eventually('the failing command', () => /hands-app:2, command 2 failed on \S+ with exit code 7[^\n]*no leave yet/.exec(home.log(name, 'reconcile-4', 'RunGuest', leader) + approved.output())?.[0], 120_000).catch(() => '');
    lab.on(leader, 'touch /root/leave');
    const end = await approved.ended;
    if (end.code === 3) await ok('retry', '--wait');
    else expect({ code: end.code, stdout: end.stdout }).toMatchObject({ code: 0 });
    process.stderr.write(`told: ${failure}\n`);
    expect(said(leader, '/root/app')).toEqual(['one-a', 'one-b', 'two-a', 'two-c']);

    await ok('run', ref('app:1'), '--yes');
    expect(said(leader, '/root/app').slice(4)).toEqual(['one-a', 'one-b']);
    expect(lab.on(leader, 'ls /var/lib/sealos/data/*/applications').match(/hands-app-/g)).toHaveLength(1);
  }, 600_000);

  test('a patch reaches every host, and a new one, whose login is amended on the way', async () => {
    await ok('run', ref('patch:1'));
    expect([leader, first].map((host) => said(host, '/root/patch'))).toEqual([['patched'], ['patched']]);

    copyFileSync(lab.key, join(keys, 'old'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, 'new')]);
    const adding = home.start(['run', ref('patch:1'), '--cluster', name, '--nodes', second]);
    await lab.until(second, 'the first change', 'test -e /var/lib/keelson/claim.json');
    // The host forgets the key, and with it every session.
    lab.on(second, 'echo >/root/.ssh/authorized_keys; pkill -f "[s]shd: root" || true');
    expect((await adding.ended).code).toBe(3);
    expect((await waits('failure')).reason).toBe('AuthenticationFailed');
    lab.on(second, 'cat >/root/.ssh/authorized_keys', { input: readFileSync(join(keys, 'new.pub'), 'utf8') });
    await ok('amend', '--host', second, '--pk', join(keys, 'new'), '--wait');
    expect(lab.nodes(leader)[lab.name(second)]).toBe('Ready');
    expect([leader, first, second].map((host) => said(host, '/root/patch'))).toEqual([['patched'], ['patched'], ['patched']]);
  }, 600_000);
});
