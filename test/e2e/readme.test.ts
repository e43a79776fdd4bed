import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordCommand, recordFigure } from '../record';
import { argumentsOf, commandsOf, type Shown } from '../readme-commands';
import { eventually, Home, images, Lab, scenario } from './harness';

const root = join(__dirname, '..', '..');
const readme = commandsOf(readFileSync(join(root, 'README.md'), 'utf8'));

/** The page that a new user reads first, typed as it stands, on the cluster of the demonstration. */
scenario('the README, command by command', () => {
  const lab = new Lab('demo');
  const home = new Home();
  const scratch = mkdtempSync(join(tmpdir(), 'keelson-readme-'));
  const at = ['--cluster', 'demo'];

  afterAll(async () => {
    await home.close();
    lab.down();
    rmSync(scratch, { recursive: true, force: true });
  }, 360_000);

  /** A command of the page in a shell, as it stands there; `env` is the user's. */
  const typed = (text: string, { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {}): Promise<string> => {
    expect(readme.map((shown) => shown.text)).toContain(text);
    recordCommand({ shell: text });
    return new Promise((resolve, reject) => {
      execFile('bash', ['-c', text], { cwd, env: { ...home.environment, ...env }, encoding: 'utf8', maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${text}: ${error.message}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`));
        else resolve(stdout);
      });
    });
  };
  const ran = async (args: readonly string[], codes: readonly number[] = [0]): Promise<string> => {
    const { code, stdout, stderr } = await home.run(args);
    if (!codes.includes(code)) throw new Error(`keelson ${args.join(' ')}: exit code ${code}\n${stdout}\n${stderr}`);
    return stdout;
  };

  test('make demo: a cluster, an application that answers, and where to look', async () => {
    const began = Date.now();
    const out = await typed('make demo');
    recordFigure('make demo, images at hand', Math.round((Date.now() - began) / 1000), 's');
    lab.up(3);
    expect(out).toMatch(/Ready +control-plane/);
    expect(out.split('over its Service:')[1]?.match(/^10\.\S+: .*\S/gm)).toHaveLength(3);
    expect(out).toContain(`http://127.0.0.1:`);
  }, 800_000);

  test('the same run with a password that is asked for finds nothing to do', async () => {
    const args = ['run', ...images('kubernetes', 'helm', 'flannel', 'web'), ...at, '--masters', lab.hosts[0]!, '--nodes', lab.hosts.slice(1).join(','), '--ask-passwd', '--dry-run'];
    recordCommand({ keelson: args });
    // A terminal, as passwords are asked for on one.
    const { stdout, status } = spawnSync('script', ['-qec', `npx keelson ${args.join(' ')}`, '/dev/null'], { cwd: root, env: home.environment, input: 'keelson-lab\n', encoding: 'utf8' });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('SSH password') as string });
    // What is typed before it is asked for the terminal shows by itself.
    expect(stdout.split('SSH password')[1]).not.toContain('keelson-lab');
  }, 180_000);

  test('what one looks at afterwards', async () => {
    expect(await ran(['local', 'status'])).toContain('http://127.0.0.1:');
    expect(await ran(['local', 'install'])).toContain('[Service]');
    await ran(['watch', 'demo']);
    expect(await ran(['status', 'demo'])).toContain('Ready');
    await ran(['why', 'demo']);
    expect(await ran(['history', 'demo'])).toContain('init-1');
    expect(await ran(['logs', 'demo', '--stage', 'Join', '--host', lab.hosts[1]!])).toContain('kubeadm join');
    // Nothing waits and nothing runs: that is the answer.
    await ran(['retry', 'demo'], [2]);
    await ran(['cancel', 'demo'], [2]);
    await ran(['plan', ...images('kubernetes', 'helm', 'flannel', 'web'), ...at, '--masters', lab.hosts[0]!, '--nodes', lab.hosts.slice(1).join(','), '--pk', lab.key]);
    expect(await ran(['exec', 'uptime', ...at, '--roles', 'node'])).toContain('load average');
    expect(await ran(['gen', ...images('kubernetes'), '--masters', lab.hosts[0]!, '--pk', lab.key])).toContain('kind: Cluster');
    expect(await ran(['clusterfile', 'demo'])).toContain('kind: Cluster');
    const kubeconfig = await home.run(['kubeconfig', 'demo', '--merge'], { env: { HOME: scratch } });
    expect(kubeconfig).toMatchObject({ code: 0 });
    expect(readFileSync(join(scratch, '.kube', 'config'), 'utf8')).toContain('client-key-data');
    expect(await ran(['--help'])).toContain('reset');
    expect(await ran(['images'])).toContain('localhost/keelson/web');
  }, 360_000);

  test('a file on the way in and out: load, apply', async () => {
    const [line = ''] = execFileSync(join(root, 'images/build.sh'), ['web'], { encoding: 'utf8' }).trim().split('\n');
    await ran(['load', '-i', line.split(' ')[1] ?? '', '--name', 'localhost/keelson/web:latest']);
    // The example names hosts that are not ours: it is read, and refused by its first check.
    const { code } = await home.run(['apply', '-f', join(root, 'examples', 'cluster.yaml'), '--set', 'pw=PASSWORD', '--dry-run'], { timeoutMs: 120_000 });
    expect([1, 2]).toContain(code);
  }, 450_000);

  test('the codec server answers until it is ended', async () => {
    const { child, ended, output } = home.start(['codec', '--port', String(20_000 + (process.pid % 10_000))]);
    await eventually('the codec server', () => /127\.0\.0\.1/.test(output()), 60_000);
    child.kill('SIGTERM');
    await ended;
  }, 120_000);

  test("a team's files are made as the page says", async () => {
    const homeOfUser = join(scratch, 'user');
    mkdirSync(join(homeOfUser, '.keelson'), { recursive: true });
    cpSync(join(home.dir, 'key'), join(homeOfUser, '.keelson', 'key'));
    for (const { text } of readme.filter((one) => isShell(one) && /^(echo|mkdir)\b/.test(one.text))) await typed(text, { cwd: scratch, env: { HOME: homeOfUser } });
    expect(readFileSync(join(scratch, '.env'), 'utf8')).toMatch(/^POSTGRES_PASSWORD=[0-9a-f]{48}\n$/);
    expect(readFileSync(join(scratch, 'secrets', 'keelson-key'), 'utf8')).not.toBe('');
  });

  test('reset asks for the name of the cluster, and does nothing without it', async () => {
    const { code, stdout, stderr } = await home.run(['reset', 'demo']);
    expect({ code, said: stdout + stderr }).toMatchObject({ code: 2, said: expect.stringContaining('give --yes') as string });
    expect(Object.values(lab.nodes(lab.hosts[0]!))).toEqual(['Ready', 'Ready', 'Ready']);
    expect(await ran(['history', 'demo'])).not.toContain('reset-');
  }, 180_000);

  test('make demo-down takes it all away', async () => {
    expect(await typed('make demo-down')).toBeDefined();
    expect(spawnSync('podman', ['ps', '--all', '--quiet', '--filter', 'label=keelson-lab-group=demo'], { encoding: 'utf8' }).stdout).toBe('');
  }, 400_000);
});

const isShell = ({ text }: Shown): boolean => argumentsOf(text) === undefined;
