import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstProcess, inside } from '../lab/inside';
import { recordCommand } from '../record';

/** What a scenario works with: lab hosts, a KEELSON_HOME of its own, and the CLI as a user runs it. */
const root = join(__dirname, '..', '..');
/** KEELSON_CLI: a build elsewhere, while this one is being rebuilt. */
const cli = process.env.KEELSON_CLI ?? join(root, 'dist', 'client', 'main.js');

/** Why the tier cannot run here; undefined when it can. Under CI=true a reason is a failure, never a skip. */
export function cannotRun(): string | undefined {
  const reason =
    process.getuid?.() !== 0 ? 'needs root, for lab hosts' :
    spawnSync('podman', ['--version']).status !== 0 ? 'needs podman: `make setup` installs it' :
    !existsSync(cli) ? 'needs a build: `make build`' : undefined;
  if (reason && process.env.CI === 'true') throw new Error(`the e2e tier ${reason}`);
  return reason;
}

/** `describe` that says why when it cannot run. */
export function scenario(name: string, body: () => void): void {
  const reason = cannotRun();
  if (reason) process.stderr.write(`skipped: ${name}: ${reason}\n`);
  (reason ? describe.skip : describe)(name, body);
}

/** A scenario of `make test-all` only: too long for CI, or not steady enough on a busy machine yet. `make test` says that it is left out. */
export function scenarioOfAll(name: string, body: () => void): void {
  if (process.env.KEELSON_TEST_ALL) return scenario(name, body);
  process.stderr.write(`left to make test-all: ${name}\n`);
  describe.skip(name, body);
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export const images = (...names: string[]): string[] => names.map((name) => `localhost/keelson/${name}:latest`);

/** Lab hosts of one scenario. */
export class Lab {
  hosts: string[] = [];
  readonly key: string;

  constructor(readonly group: string) {
    this.key = execFileSync(join(root, 'test/lab/hosts.sh'), ['key'], { encoding: 'utf8' }).trim();
  }

  up(count: number): string[] {
    const out = execFileSync(join(root, 'test/lab/hosts.sh'), ['up', this.group, String(count)], { encoding: 'utf8', env: process.env });
    this.hosts = out.trim().split('\n');
    return this.hosts;
  }

  down(): void {
    if (process.env.KEELSON_KEEP_HOSTS) return;
    execFileSync(join(root, 'test/lab/hosts.sh'), ['down', this.group]);
  }

  name(host: string): string {
    return `keelson-${this.group}-${this.hosts.indexOf(host) + 1}`;
  }

  /** Runs a command on a host, past Keelson: how a test looks for itself. */
  on(host: string, script: string, options: { input?: string; check?: boolean } = {}): string {
    const { status, stdout, stderr } = spawnSync('nsenter', inside(this.name(host), 'bash', '-c', script), { encoding: 'utf8', input: options.input ?? '', maxBuffer: 64 << 20 });
    if (status !== 0 && options.check !== false) throw new Error(`${host}: ${script.slice(0, 200)}: exit ${String(status)}: ${stderr}`);
    return stdout;
  }

  /** The same beside whatever else goes on: what takes its time on one host must not hold up a test that watches others. */
  does(host: string, script: string): Promise<void> {
    return beside(`${host}: ${script}`, 'nsenter', inside(this.name(host), 'bash', '-c', script));
  }

  /** The machine goes off and on again, as by its switch. */
  powerCycle(host: string): Promise<void> {
    return beside(`${host}: off and on`, 'podman', ['restart', '--time', '0', this.name(host)]);
  }

  /** Cuts a host from the network for so long, with nftables from outside: nothing comes in or goes out, and nobody is told. */
  cutNetwork(host: string, seconds: number): Promise<void> {
    const chain = (hook: string, nic: string) => `chain ${hook} { type filter hook ${hook} priority -300; ${nic} "lo" accept; drop; };`;
    const cut = `nft 'table inet cut { ${chain('input', 'iifname')} ${chain('output', 'oifname')} ${chain('forward', 'iifname')} }' && sleep ${seconds} && nft delete table inet cut`;
    return beside(`${host}: the network cut`, 'nsenter', ['--target', String(firstProcess(this.name(host))), '--net', 'bash', '-c', cut]);
  }

  /**
   * Waits on the host itself until a condition (bash) holds, looking 20 times a second: what is to happen at a certain
   * moment cannot wait for the start of a process per look. Rejects after the time.
   */
  until(host: string, what: string, condition: string, timeoutMs = 300_000): Promise<void> {
    const loop = `end=$((SECONDS + ${Math.ceil(timeoutMs / 1000)})); until ${condition}; do [ "$SECONDS" -lt "$end" ] || exit 1; sleep 0.05; done`;
    return new Promise((resolve, reject) => {
      execFile('nsenter', inside(this.name(host), 'bash', '-c', loop), (error) => {
        if (error) reject(new Error(`${host}: ${what}: not within ${timeoutMs / 1000} s`));
        else resolve();
      });
    });
  }

  /** Has the host write down each call of kubeadm, whoever makes it; `kubeadmCalls` reads it. */
  countKubeadm(host: string): void {
    this.on(host, `cat >/usr/local/sbin/kubeadm && chmod 755 /usr/local/sbin/kubeadm`, {
      input: '#!/bin/bash\necho "$*" >>/var/log/kubeadm-calls\nexec /usr/bin/kubeadm "$@"\n',
    });
  }

  /** The calls of kubeadm that change something, by their first word and in order: `init`, `join` or `reset`. */
  kubeadmCalls(host: string): string[] {
    const calls = this.on(host, 'cat /var/log/kubeadm-calls 2>/dev/null || true').split('\n');
    return calls.filter((call) => /^(init|join) --config|^reset/.test(call)).map((call) => call.split(' ')[0] ?? '');
  }

  /** podman pause, unpause, restart ... of one host. */
  podman(verb: string, host: string, ...more: string[]): void {
    execFileSync('podman', [verb, ...more, this.name(host)]);
  }

  /** The machine is gone, with all that was on it. */
  destroy(host: string): void {
    execFileSync('podman', ['rm', '--force', '--volumes', '--time', '0', this.name(host)], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Nodes as `kubectl get nodes` shows them, by name. */
  nodes(leader: string): Record<string, string> {
    const lines = this.on(leader, 'kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers').trim().split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/\s+/)).map(([name = '', state = '']) => [name, state]));
  }
}

/** A KEELSON_HOME of its own with the shared image store (or an empty one), and the CLI in it. */
export class Home {
  readonly dir: string;
  private readonly children: ChildProcess[] = [];

  constructor(readonly env: Record<string, string> = {}, { emptyStore = false } = {}) {
    this.dir = mkdtempSync(join(tmpdir(), 'keelson-e2e-'));
    const store = join(process.env.KEELSON_HOME ?? join(homedir(), '.keelson'), 'store');
    mkdirSync(this.dir, { recursive: true });
    if (!emptyStore) symlinkSync(store, join(this.dir, 'store'));
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, KEELSON_HOME: this.dir, CI: '', ...this.env };
  }

  /** Runs the CLI to its end. */
  run(args: readonly string[], options: { env?: Record<string, string>; timeoutMs?: number; cwd?: string } = {}): Promise<Ran> {
    return this.start(args, options).ended;
  }

  /** Starts the CLI; the caller may kill it, or await `ended`. */
  start(args: readonly string[], options: { env?: Record<string, string>; timeoutMs?: number; cwd?: string } = {}): { child: ChildProcess; ended: Promise<Ran>; output(): string } {
    const began = Date.now();
    recordCommand({ keelson: args });
    const child = spawn(process.execPath, [cli, ...args], { env: { ...this.environment, ...options.env }, cwd: options.cwd ?? this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.children.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
    child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 600_000);
    const ended = new Promise<Ran>((resolve) => {
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ code: code ?? -1, stdout, stderr, seconds: (Date.now() - began) / 1000 });
      });
    });
    return { child, ended, output: () => stdout + stderr };
  }

  /** Pid of a background process. */
  pid(which: 'server' | 'worker'): number {
    return Number(readFileSync(join(this.dir, 'local', `${which}.pid`), 'utf8'));
  }

  /** Kills a background process as a crash would, and waits until it is gone. Gives its pid. */
  async kill(which: 'server' | 'worker'): Promise<number> {
    const pid = this.pid(which);
    process.kill(pid, 'SIGKILL');
    await eventually(`the end of the ${which}`, () => isGone(pid), 60_000);
    return pid;
  }

  /** The machine of Keelson loses its power: the CLI, the Temporal worker and the Temporal server are gone at once. */
  async powerOff(...views: readonly { readonly child: ChildProcess; readonly ended: Promise<Ran> }[]): Promise<void> {
    const pids = [this.pid('worker'), this.pid('server')];
    for (const { child } of views) child.kill('SIGKILL');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await Promise.all(views.map(({ ended }) => ended));
    for (const pid of pids) await eventually(`the end of ${pid}`, () => isGone(pid), 60_000);
  }

  /** What the product logged about one stage on one host, all attempts in order. */
  log(cluster: string, operation: string, stage: string, host: string): string {
    const dir = join(this.dir, 'logs', cluster, operation, stage, host);
    if (!existsSync(dir)) return '';
    return readdirSync(dir).sort((a, b) => parseInt(a) - parseInt(b)).map((file) => readFileSync(join(dir, file), 'utf8')).join('');
  }

  /** Every line of every command journal of a cluster. */
  journal(cluster: string): { operation: string; at: string; host: string; stage: string; title: string; changes: boolean; code?: number }[] {
    const dir = join(this.dir, 'journal', cluster);
    if (!existsSync(dir)) return [];
    return readdirSync(dir).sort().flatMap((file) =>
      readFileSync(join(dir, file), 'utf8').trim().split('\n').filter(Boolean)
        .map((line) => ({ operation: file.replace('.ndjson', ''), ...(JSON.parse(line) as { at: string; host: string; stage: string; title: string; changes: boolean })})));
  }

  /** Ends the background processes and removes the folder. */
  async close(): Promise<void> {
    for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL');
    await this.run(['local', 'stop']);
    if (!process.env.KEELSON_KEEP_HOSTS) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A program of this machine, to its end. Rejects with its words when it fails. */
function beside(what: string, program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error) => {
      if (error) reject(new Error(`${what.slice(0, 200)}: ${error.message}`));
      else resolve();
    });
  });
}

const isGone = (pid: number): boolean => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');

/** Waits until the question is answered with something. Throws after the time with what was asked. */
export async function eventually<T>(what: string, ask: () => T | undefined | false | Promise<T | undefined | false>, timeoutMs = 180_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s${last ? `: ${String(last)}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
