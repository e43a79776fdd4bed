import { Client, Connection } from '@temporalio/client';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home, images, Lab, type Ran, scenario } from './harness';

const name = 'canary';
const unique = (): string => randomBytes(6).toString('hex');

/**
 * A cluster is installed with secrets that occur nowhere else, and then they are looked for in all that Keelson leaves:
 * histories, logs, errors, arguments of processes, its own files. Two control planes and a worker, so that join tokens and
 * a certificate key are made, too.
 */
scenario('no secret leaves the place where it belongs', () => {
  const lab = new Lab('e2e-secrets');
  const home = new Home();
  const scratch = mkdtempSync(join(tmpdir(), 'keelson-secrets-'));
  const key = join(scratch, 'key');
  const login = { password: `Pw-${unique()}'+/ $&"x`, passphrase: `Pp-${unique()}+/=&x`, wrong: `Wrong-${unique()}+/&` };
  const registry = `Reg-${unique()}+/=x`;
  /** What the commands wrote; filled by the tests in their order, as `minted` is. */
  const outputs: Ran[] = [];
  let own: OwnProcesses;
  let samplers: ChildProcess[] = [];
  let leader = '';
  let minted: string[] = [];

  beforeAll(() => {
    leader = lab.up(3)[0]!;
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', login.passphrase, '-f', key]);
    for (const host of lab.hosts) {
      lab.on(host, 'cat >>/home/ops/.ssh/authorized_keys', { input: readFileSync(`${key}.pub`, 'utf8') });
      lab.on(host, 'chpasswd', { input: `ops:${login.password}\n` });
      // What kubeadm mints is written down where nobody else looks, so that it can be searched for by its value.
      lab.on(host, 'cat >/usr/local/sbin/kubeadm && chmod 755 /usr/local/sbin/kubeadm && touch /tmp/before', { input: noteMinted });
      lab.on(host, 'cat >/tmp/sampler.pl', { input: sampler });
    }
    samplers = lab.hosts.map((host) => spawn('podman', ['exec', lab.name(host), 'perl', '/tmp/sampler.pl'], { stdio: 'ignore' }));
    own = new OwnProcesses(home.dir);
  }, 300_000);
  afterAll(async () => {
    own.stop();
    for (const one of samplers) one.kill();
    await home.close();
    lab.down();
    rmSync(scratch, { recursive: true, force: true });
  }, 120_000);

  const install = (): string[] => [
    'run', ...images('kubernetes', 'flannel'), '--cluster', name, '--masters', lab.hosts.slice(0, 2).join(','), '--nodes', lab.hosts[2]!,
    '--user', 'ops', '--pk', key, '--env', `registryPassword=${registry}`, '--yes',
  ];
  const keep = (ran: Ran): Ran => {
    outputs.push(ran);
    return ran;
  };

  test('a wrong password for sudo, a wrong password and a wrong passphrase are told without being shown', async () => {
    const sudo = keep(await home.run(install(), { env: { KEELSON_SSH_PASSWORD: login.wrong, KEELSON_PK_PASSWORD: login.passphrase } }));
    expect(sudo).toMatchObject({ code: 2, stdout: expect.stringContaining('sudo does not take the login password') as string });
    writeFileSync(join(scratch, 'wrong'), `${login.wrong}\n`, { mode: 0o600 });
    const plain = keep(await home.run(['plan', ...images('kubernetes'), '--cluster', 'other', '--masters', leader, '--user', 'ops', '--passwd-file', join(scratch, 'wrong')]));
    expect(plain.stdout).toContain('does not let us in');
    const locked = keep(await home.run([...install(), '--json'], { env: { KEELSON_SSH_PASSWORD: login.password, KEELSON_PK_PASSWORD: login.wrong } }));
    expect(locked.stdout).toMatch(/the passphrase of the private key .* is wrong/);
  }, 120_000);

  test('the cluster is installed, and what was typed as a secret is not in the arguments of the command any more', async () => {
    const started = home.start(install(), { env: { KEELSON_SSH_PASSWORD: login.password, KEELSON_PK_PASSWORD: login.passphrase }, timeoutMs: 500_000 });
    const { pid } = started.child;
    const title = new Promise<string>((resolve) => started.child.stdout?.once('data', () => resolve(readFileSync(`/proc/${pid ?? 0}/cmdline`, 'utf8'))));
    const ran = keep(await started.ended);
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect((await title).replaceAll('\0', ' ').trim()).toBe('keelson');
    for (const args of [['status', name, '--json'], ['status', name], ['logs', name], ['watch', name], ['local', 'logs', '-n', '100000']]) keep(await home.run(args));
    keep(await home.run([...install(), '--dry-run', '--json'], { env: { KEELSON_SSH_PASSWORD: login.password, KEELSON_PK_PASSWORD: login.passphrase } }));
    for (const one of samplers) one.kill();
    minted = lab.hosts.flatMap((host) => lab.on(host, 'cat /root/minted 2>/dev/null || true').split('\n').filter(Boolean));
    expect(minted.filter((one) => /^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(one)).length).toBeGreaterThanOrEqual(2);
    expect(minted.filter((one) => /^[0-9a-f]{64}$/.test(one)).length).toBeGreaterThanOrEqual(1);
  }, 600_000);

  /** Every form in which a secret might be written. */
  const forms = (): string[] => {
    const secrets = [...Object.values(login), registry, ...minted, privateKeyLine(key)];
    return [...new Set([...secrets.flatMap((one) => [one, Buffer.from(one).toString('base64'), encodeURIComponent(one), JSON.stringify(one).slice(1, -1)]), Buffer.from(`admin:${registry}`).toString('base64')])];
  };
  /** Which secrets a text holds: where each is, with what stands around it. */
  const found = (where: string, text: string): string[] => forms().flatMap((form) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [`${where}: …${text.slice(Math.max(0, at - 120), at + form.length + 40)}…`];
  });

  test('not in what the command line writes', () => {
    expect(outputs.flatMap(({ stdout, stderr }, index) => found(`output ${index}`, stdout + stderr))).toEqual([]);
  });

  test('not in any history, memo or search attribute', async () => {
    const { address } = JSON.parse((await home.run(['local', 'status', '--json'])).stdout) as { address: string };
    const connection = await Connection.connect({ address });
    const { workflow } = new Client({ connection });
    const all: string[] = [];
    let histories = '';
    for await (const { workflowId, runId, raw } of workflow.list()) {
      const text = `${readable(raw)}\n${readable(await workflow.getHandle(workflowId, runId).fetchHistory())}`;
      all.push(...found(workflowId, text));
      histories += text;
    }
    await connection.close();
    for (const sight of ['joinControlPlane', 'joinWorker', 'sealed:v1:']) expect(histories).toContain(sight);
    expect(all).toEqual([]);
  }, 60_000);

  test('not in any file of Keelson: database, logs, journals, kept histories', () => {
    const files = filesBelow(home.dir);
    const texts = files.map((path) => ({ path, text: readFileSync(path, 'latin1') }));
    for (const part of ['temporal.db', '/logs/', '/journal/', '/history/', '/local/']) {
      expect({ part, read: texts.some(({ path, text }) => path.includes(part) && text.length > 0) }).toEqual({ part, read: true });
    }
    expect(texts.some(({ path, text }) => path.includes('temporal.db') && text.includes(`cluster/${name}/init-`))).toBe(true);
    expect(texts.flatMap(({ path, text }) => found(path, text))).toEqual([]);
  });

  test('not in arguments and environment of Keelson\'s own processes', () => {
    const seen = own.stop();
    expect([...seen].some((text) => text.includes('workers/main.js'))).toBe(true);
    expect([...seen].some((text) => text.includes('start-dev'))).toBe(true);
    expect([...seen].flatMap((text) => found('process', text))).toEqual([]);
  });

  test('not in the arguments of any process on a host, nor anything that looks like a token', () => {
    const seen = lab.hosts.flatMap((host) => lab.on(host, 'cat /run/arguments').split('\n').map((line) => `${host} ${line}`));
    for (const sight of ['kubeadm init --config', 'kubeadm join --config', 'token create', 'upload-certs', 'sudo -k -S']) expect(seen.some((line) => line.includes(sight))).toBe(true);
    expect(seen.flatMap((line) => found('argument', line))).toEqual([]);
    expect(seen.filter((line) => /(^|[\s='"])[a-z0-9]{6}\.[a-z0-9]{16}($|[\s'"])/.test(line))).toEqual([]);
  });

  test('not in the logs of a host', () => {
    for (const host of lab.hosts) {
      const journal = lab.on(host, 'journalctl -q --no-pager -o cat; find /var/log -type f -size -50M -newer /tmp/before -exec cat {} +');
      expect(found(host, journal)).toEqual([]);
      expect(found(host, execFileSync('podman', ['logs', lab.name(host)], { encoding: 'utf8' }))).toEqual([]);
    }
  }, 60_000);

  test('not on the disk of a host, but for the registry\'s password where only root comes', () => {
    for (const host of lab.hosts) {
      lab.on(host, 'cat >/run/forms', { input: forms().map((form) => `${form}\n`).join('') });
      const files = lab.on(host, `find / /var/lib/sealos /var/lib/kubelet /var/lib/containerd -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /root/minted -o -path /usr/local/sbin/kubeadm \\) -prune -o \\
        -type f -size -20M -newer /tmp/before -print0 | xargs -0 -r grep -lFf /run/forms | xargs -r stat -c '%a %n'`).split('\n').filter(Boolean).sort();
      lab.on(host, 'rm /run/forms');
      const kept = files.filter((line) => !/ \/(etc\/containerd\/certs\.d|var\/lib\/sealos\/data\/canary\/rootfs\/etc|var\/lib\/sealos\/data\/canary\/\.keelson)\//.test(line));
      expect(kept).toEqual([]);
      expect(files.length).toBeGreaterThan(0);
      const open = files.map((line) => line.replace(/^\d+ /, '')).filter((path) => lab.on(host, `setpriv --reuid plain --regid plain --clear-groups test -r '${path}'; echo $?`).trim() === '0');
      expect(open).toEqual([]);
    }
  }, 120_000);

  test('no token is left on the cluster that lets anybody in', () => {
    const tokens = lab.on(leader, `KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token list -o jsonpath='{.token} {.usages}{"\\n"}'`).split('\n').filter(Boolean);
    expect(tokens).toEqual([]);
    expect(lab.on(leader, 'kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get secret kubeadm-certs --ignore-not-found -o name')).toBe('');
  });
});

/** The second line of a private key: long enough to be found, short enough to stand in one line anywhere. */
const privateKeyLine = (path: string): string => readFileSync(path, 'utf8').split('\n')[1] ?? '';

/** A history as text: payloads are bytes, everything else as JSON has it. */
function readable(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(readable).join('\n');
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([field, one]) => `${field} ${readable(one)}`).join('\n');
  return String(value);
}

/** All files below a folder but the key that seals and the content of images. Links are not followed. */
const filesBelow = (dir: string): string[] => readdirSync(dir, { withFileTypes: true, recursive: true })
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => path !== join(dir, 'key') && lstatSync(path).isFile());

/** Watches the processes that have this KEELSON_HOME in their environment, but for the commands that the test itself gives. */
class OwnProcesses {
  readonly #seen = new Set<string>();
  readonly #ours = new Map<string, boolean>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly dir: string) {
    this.#timer = setInterval(() => this.#look(), 80);
  }

  stop(): ReadonlySet<string> {
    clearInterval(this.#timer);
    return this.#seen;
  }

  #look(): void {
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      if (this.#ours.get(pid) === false) continue;
      try {
        const [environment, args] = [readFileSync(`/proc/${pid}/environ`, 'latin1'), readFileSync(`/proc/${pid}/cmdline`, 'latin1')];
        // The commands of the test, and what they have forked and not yet made another program: they hold what the test gave them.
        if (/^keelson\0|client\/main\.js\0/.test(args)) continue;
        const mine = environment.includes(`KEELSON_HOME=${this.dir}\0`) && Number(pid) !== process.pid;
        this.#ours.set(pid, mine);
        if (mine) this.#seen.add(`${args.replaceAll('\0', ' ')}\n${environment.replaceAll('\0', '\n')}`);
      } catch {
        this.#ours.delete(pid);
      }
    }
  }
}

/** Writes down every command line that any process of a host shows, looking twenty times a second. */
const sampler = `use strict;
my %seen;
open my $out, '>', '/run/arguments' or die;
select $out; $| = 1;
while (1) {
  opendir my $proc, '/proc' or die;
  for my $pid (grep /^[0-9]+$/, readdir $proc) {
    open my $file, '<', "/proc/$pid/cmdline" or next;
    local $/; my $line = <$file>; next unless defined $line;
    $line =~ s/[\\0\\n]/ /g;
    print "$line\\n" unless $line =~ /^\\s*$/ or $seen{$line}++;
  }
  select undef, undef, undef, 0.05;
}
`;

/** kubeadm, with a note of each token and certificate key that it makes. */
const noteMinted = `#!/bin/bash
case "$*" in
  *'token create'* | *'phase upload-certs'*)
    said=$(/usr/bin/kubeadm "$@"); code=$?
    (umask 077; printf '%s\\n' "$said" | tail -n 1 >>/root/minted)
    printf '%s\\n' "$said"; exit $code ;;
  *) exec /usr/bin/kubeadm "$@" ;;
esac
`;
