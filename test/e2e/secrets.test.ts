import { Client, Connection } from '@temporalio/client';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differences, snapshotHost } from '../hosts/snapshot';
import { inside } from '../lab/inside';
import { readable } from '../temporal/history';
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
  /** For the images' commands; it stands in their environment, and only there. */
  const variable = `Var-${unique()}+/=x`;
  /** The password that was made for the cluster; read from a host when it is there. */
  let registry = '';
  /** The private key in admin.conf; read from a host when it is there. */
  let administrator = '';
  let fresh: ReturnType<typeof snapshotHost>[] = [];
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
    samplers = lab.hosts.map((host) => spawn('nsenter', inside(lab.name(host), 'perl', '/tmp/sampler.pl'), { stdio: 'ignore' }));
    own = new OwnProcesses(home.dir);
    fresh = lab.hosts.map((host) => snapshotHost(lab.name(host)));
  }, 600_000);
  afterAll(async () => {
    own.stop();
    for (const one of samplers) one.kill();
    await home.close();
    lab.down();
    rmSync(scratch, { recursive: true, force: true });
  }, 360_000);

  const install = (): string[] => [
    'run', ...images('kubernetes', 'flannel'), '--cluster', name, '--masters', lab.hosts.slice(0, 2).join(','), '--nodes', lab.hosts[2]!,
    '--user', 'ops', '--pk', key, '--env', `demoToken=${variable}`, '--yes',
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
  }, 360_000);

  const passwords = { KEELSON_SSH_PASSWORD: login.password, KEELSON_PK_PASSWORD: login.passphrase };

  test('the cluster is installed through a rotation of the key, and what was typed as a secret is not in the arguments of the command any more', async () => {
    const started = home.start(install(), { env: passwords, timeoutMs: 500_000 });
    const { pid } = started.child;
    const title = new Promise<string>((resolve) => started.child.stdout?.once('data', () => resolve(readFileSync(`/proc/${pid ?? 0}/cmdline`, 'utf8'))));
    await lab.until(leader, 'kubeadm init', "pgrep -f '^(/usr/bin/)?kubeadm init --config' >/dev/null", 300_000);
    expect(await home.run(['key', 'rotate'])).toMatchObject({ code: 0 });
    const attached = keep(await home.run([...install(), '--detach', '--json'], { env: passwords }));
    expect(JSON.parse(attached.stdout)).toMatchObject({ operation: 'init-2', attached: true });
    const ran = keep(await started.ended);
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    registry = registryPasswordOn(leader);
    administrator = /client-key-data: (\S{60,})/.exec(lab.on(leader, 'cat /etc/kubernetes/admin.conf'))?.[1] ?? '';
    expect(administrator).not.toBe('');
    expect((await title).replaceAll('\0', ' ').trim()).toBe('keelson');
    for (const args of [['status', name, '--json'], ['status', name], ['logs', name], ['watch', name], ['local', 'logs', '-n', '100000']]) keep(await home.run(args));
    keep(await home.run([...install(), '--dry-run', '--json'], { env: passwords }));
    for (const one of samplers) one.kill();
    minted = lab.hosts.flatMap((host) => lab.on(host, 'cat /root/minted 2>/dev/null || true').split('\n').filter(Boolean));
    expect(minted.filter((one) => /^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(one)).length).toBeGreaterThanOrEqual(2);
    expect(minted.filter((one) => /^[0-9a-f]{64}$/.test(one)).length).toBeGreaterThanOrEqual(1);
  }, 600_000);

  /** As the image's template writes it. */
  const registryPasswordOn = (host: string): string => /^password: "(.*)"$/m.exec(lab.on(host, `cat /var/lib/sealos/data/${name}/rootfs/etc/registry.yml`))?.[1] ?? '';

  test('the registry has a password of this cluster alone, and asks for it', () => {
    expect(registry).toMatch(/^[\w-]{32}$/);
    expect(lab.hosts.map(registryPasswordOn)).toEqual(lab.hosts.map(() => registry));
    const answer = (login: string): string => lab.on(leader, `exec 3<>/dev/tcp/sealos.hub/5000; printf 'GET /v2/ HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Basic %s\\r\\nConnection: close\\r\\n\\r\\n' "$(base64 -w0)" >&3; head -n 1 <&3`, { input: login });
    expect(answer(`admin:${registry}`)).toContain('200');
    expect(answer('admin:passw0rd')).toContain('401');
  });

  test('the same command finds nothing to do, seals with the new key, and then the former key can go', async () => {
    const { former } = JSON.parse((await home.run(['key', 'show', '--json'])).stdout) as { former: { id: string }[] };
    const id = former[0]?.id ?? '';
    expect(keep(await home.run(['key', 'forget', id]))).toMatchObject({ code: 4, stderr: expect.stringContaining(name) as string });
    const ran = keep(await home.run(install(), { env: passwords }));
    expect(ran).toMatchObject({ code: 0 });
    expect(home.journal(name).filter(({ operation, changes }) => operation === 'reconcile-3' && changes)).toEqual([]);
    expect(await home.run(['key', 'forget', id])).toMatchObject({ code: 0 });
    expect(keep(await home.run(['plan', ...install().slice(1)], { env: passwords }))).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') as string });
  }, 360_000);

  test('kubeconfigs, keys and Keelson\'s own files are for their owners only', async () => {
    for (const host of lab.hosts) {
      const open = lab.on(host, `find /etc/kubernetes /root/.kube /var/lib/keelson /var/lib/kubelet/pki \\( -type f \\( -name '*.conf' -o -name '*.key' -o -name '*.pem' -o -name config \\) -o -type d -path /var/lib/keelson \\) -perm /077`);
      expect({ host, open }).toEqual({ host, open: '' });
    }
    const kubeconfig = join(scratch, 'kubeconfig');
    expect(await home.run(['kubeconfig', name, '--merge'], { env: { KUBECONFIG: kubeconfig, HOME: scratch } })).toMatchObject({ code: 0 });
    const files = execFileSync('find', [home.dir, scratch, '-name', 'store', '-prune', '-o', '-type', 'f', '-perm', '/077', '-print'], { encoding: 'utf8' });
    expect(files.split('\n').filter((path) => path !== '' && path !== `${key}.pub`)).toEqual([]);
  });

  test('the background processes leave no core dumps and listen on loopback only', () => {
    const ours = (['server', 'worker'] as const).map((which) => home.pid(which));
    for (const pid of ours) expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
    const listening = execFileSync('ss', ['-Hltnp'], { encoding: 'utf8' }).split('\n').filter((line) => ours.some((pid) => line.includes(`pid=${pid},`))).map((line) => line.split(/\s+/)[3] ?? '');
    expect(listening.length).toBeGreaterThan(1);
    expect(listening.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
  });

  /** Every form in which a secret might be written. */
  const forms = (): string[] => {
    const secrets = [...Object.values(login), registry, variable, ...minted, privateKeyLine(key)];
    return [...new Set([...secrets.flatMap(formsOf), Buffer.from(`admin:${registry}`).toString('base64')])];
  };
  const variableForms = formsOf(variable);
  /** Which secrets a text holds: where each is, with what stands around it. */
  const found = (where: string, text: string, searched = forms()): string[] => searched.flatMap((form) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [`${where}: …${text.slice(Math.max(0, at - 120), at + form.length + 40)}…`];
  });

  /** What never lies on a host in a form that is searched for there, or belongs there: what seals, and the administrator's key. */
  const ofOwners = (): string[] => [...readFileSync(join(home.dir, 'key'), 'utf8').split(/\s+/).filter((word) => word.length >= 32).flatMap(formsOf), administrator];

  test('not in what the command line writes', () => {
    expect(outputs.flatMap(({ stdout, stderr }, index) => found(`output ${index}`, stdout + stderr, [...forms(), ...ofOwners()]))).toEqual([]);
    expect(ofOwners().length).toBeGreaterThan(4);
  });

  test('not in any history, memo or search attribute', async () => {
    const { address } = JSON.parse((await home.run(['local', 'status', '--json'])).stdout) as { address: string };
    const connection = await Connection.connect({ address });
    const { workflow } = new Client({ connection });
    const all: string[] = [];
    let histories = '';
    for await (const { workflowId, runId, raw } of workflow.list()) {
      const text = `${readable(raw)}\n${readable(await workflow.getHandle(workflowId, runId).fetchHistory())}`;
      all.push(...found(workflowId, text, [...forms(), ...ofOwners()]));
      histories += text;
    }
    await connection.close();
    for (const sight of ['joinControlPlane', 'joinWorker', 'sealed:v1:']) expect(histories).toContain(sight);
    expect(all).toEqual([]);
  }, 180_000);

  test('not in any file of Keelson: database, logs, journals, kept histories', () => {
    const files = filesBelow(home.dir);
    const texts = files.map((path) => ({ path, text: readFileSync(path, 'latin1') }));
    for (const part of ['temporal.db', '/logs/', '/journal/', '/history/', '/local/']) {
      expect({ part, read: texts.some(({ path, text }) => path.includes(part) && text.length > 0) }).toEqual({ part, read: true });
    }
    expect(texts.some(({ path, text }) => path.includes('temporal.db') && text.includes(`cluster/${name}/init-`))).toBe(true);
    expect(texts.flatMap(({ path, text }) => found(path, text, [...forms(), ...ofOwners()]))).toEqual([]);
  });

  test('not in the content store', () => {
    const store = realpathSync(join(home.dir, 'store'));
    const filesWith = (searched: readonly string[]): string[] => spawnSync('grep', ['-rlaF', '-f', '-', store], { input: searched.map((form) => `${form}\n`).join(''), encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
    // The search sees what is there: names of images in references, and a line of an image's script in a tree.
    expect(filesWith(['localhost/keelson/flannel']).length).toBeGreaterThan(0);
    expect(filesWith(['init-registry.sh']).some((path) => path.includes('/trees/'))).toBe(true);
    expect(filesWith([...forms(), ...ofOwners()])).toEqual([]);
  }, 360_000);

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

  test('not in the environment of any process on a host; a variable of the user\'s only in that of image scripts', () => {
    for (const host of lab.hosts) {
      const seen = lab.on(host, 'cat /run/environments').split('\n');
      expect(seen.some((line) => line.includes('SEALOS_SYS_RUN_MODE='))).toBe(true);
      expect(seen.flatMap((line) => found(host, line, forms().filter((form) => !variableForms.includes(form))))).toEqual([]);
      expect(seen.filter((line) => line.includes(variable) && !line.includes('SEALOS_SYS_RUN_MODE='))).toEqual([]);
    }
  });

  test('not in the logs of a host', () => {
    for (const host of lab.hosts) {
      const journal = lab.on(host, 'journalctl -q --no-pager -o cat; find /var/log -type f -size -50M -newer /tmp/before -exec cat {} +');
      expect(found(host, journal)).toEqual([]);
      expect(found(host, execFileSync('podman', ['logs', lab.name(host)], { encoding: 'utf8' }))).toEqual([]);
    }
  }, 180_000);

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
  }, 360_000);

  test('no token is left on the cluster that lets anybody in', () => {
    const tokens = lab.on(leader, `KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token list -o jsonpath='{.token} {.usages}{"\\n"}'`).split('\n').filter(Boolean);
    expect(tokens).toEqual([]);
    expect(lab.on(leader, 'kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get secret kubeadm-certs --ignore-not-found -o name')).toBe('');
  });

  test('and a reset of two control planes and a worker leaves the hosts as they were', async () => {
    expect(await home.run(['reset', name, '--yes'], { env: passwords })).toMatchObject({ code: 0 });
    const ours = [
      { section: 'files', line: / \/root(\/minted)?$/, why: 'what the test has noted' },
      { section: 'places', line: / \/run\/(arguments|environments)$/, why: 'what the test has noted' },
      { section: 'processes', line: /sampler\.pl/, why: 'it has ended' },
    ];
    for (const [at, host] of lab.hosts.entries()) expect({ host, left: differences(fresh[at]!, snapshotHost(lab.name(host)), ours) }).toEqual({ host, left: [] });
  }, 400_000);
});

/** A secret as it is, and as other programs would write it. */
function formsOf(one: string): string[] {
  return [one, Buffer.from(one).toString('base64'), encodeURIComponent(one), JSON.stringify(one).slice(1, -1)];
}

/** The second line of a private key: long enough to be found, short enough to stand in one line anywhere. */
const privateKeyLine = (path: string): string => readFileSync(path, 'utf8').split('\n')[1] ?? '';

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
        // Between fork and exec there is nothing to read yet.
        if (environment === '' || args === '') continue;
        const mine = environment.includes(`KEELSON_HOME=${this.dir}\0`) && Number(pid) !== process.pid;
        this.#ours.set(pid, mine);
        if (mine) this.#seen.add(`${args.replaceAll('\0', ' ')}\n${environment.replaceAll('\0', '\n')}`);
      } catch {
        this.#ours.delete(pid);
      }
    }
  }
}

/** Writes down every command line and every environment that any process of a host shows, looking twenty times a second. */
const sampler = `use strict; use IO::Handle;
umask 077;
my %seen;
my %out;
for my $what ('cmdline', 'environ') {
  open $out{$what}, '>', $what eq 'cmdline' ? '/run/arguments' : '/run/environments' or die;
  $out{$what}->autoflush(1);
}
while (1) {
  opendir my $proc, '/proc' or die;
  for my $pid (grep /^[0-9]+$/, readdir $proc) {
    next if $pid == $$;
    for my $what ('cmdline', 'environ') {
      open my $file, '<', "/proc/$pid/$what" or next;
      local $/; my $line = <$file>; next unless defined $line;
      $line =~ s/[\\0\\n]/ /g;
      print {$out{$what}} "$line\\n" unless $line =~ /^\\s*$/ or $seen{$what}{$line}++;
    }
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
