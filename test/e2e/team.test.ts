import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordCommand } from '../record';
import { eventually, Home, images, Lab, scenario } from './harness';
import { TeamServer } from './team-server';

const root = join(__dirname, '..', '..');

/** What docker-compose.yml starts, from packages, a Temporal worker of one's own, and a deployment script: nothing embedded. */
scenario('a team: its own Temporal server, and the deployment script', () => {
  const lab = new Lab('e2e-team');
  const dir = mkdtempSync(join(tmpdir(), 'keelson-team-'));
  const file = join(dir, 'Clusterfile');
  let server: TeamServer;
  let worker: ReturnType<Home['start']>;
  /** Of a person, and of the Temporal worker's machine: with the same key, and no image in common. */
  let home: Home;
  let away: Home;

  beforeAll(async () => {
    const [host] = lab.up(1);
    writeFileSync(file, `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: team}
spec:
  image: [${images('kubernetes', 'flannel').join(', ')}]
  ssh: {user: root, pk: ${lab.key}}
  hosts: [{ips: ['${host!}:22'], roles: [master]}]
`);
    lab.countKubeadm(host!);
    server = await TeamServer.start();
    home = new Home({ TEMPORAL_ADDRESS: server.address }, { emptyStore: true });
    away = new Home({ TEMPORAL_ADDRESS: server.address }, { emptyStore: true });
    expect(await home.run(['key', 'make'])).toMatchObject({ code: 0 });
    copyFileSync(join(home.dir, 'key'), join(away.dir, 'key'));
    worker = away.start(['worker'], { timeoutMs: 600_000 });
  }, 600_000);
  afterAll(async () => {
    worker.child.kill('SIGTERM');
    await worker.ended;
    await home.close();
    await away.close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
    lab.down();
  }, 360_000);

  const deploy = (): Promise<{ code: number; out: string }> => new Promise((resolve) => {
    recordCommand({ shell: 'node dist/examples/deploy.js examples/cluster.yaml --set pw=PASSWORD' });
    const child = spawn(process.execPath, [join(root, 'dist', 'examples', 'deploy.js'), file], { env: home.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.on('close', (code) => resolve({ code: code ?? -1, out }));
  });

  test('what the Temporal worker\'s own store does not have is named, before anything is changed', async () => {
    const { code, out } = await deploy();
    expect(code).toBe(1);
    expect(out).toMatch(/there is no image localhost\/keelson\/kubernetes:latest.*keelson load/s);
    expect(lab.on(lab.hosts[0]!, 'ls -A /var/lib/keelson 2>/dev/null || true')).toBe('');
  }, 180_000);

  test('images are loaded into it as README and docker-compose.yml say', async () => {
    const built = execFileSync(join(root, 'images/build.sh'), ['kubernetes', 'flannel'], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(' '));
    expect(built).toHaveLength(2);
    for (const [name = '', layout = ''] of built) {
      expect(await away.run(['load', '-i', layout, name.replace(/:[^:]*$/, ':latest')])).toMatchObject({ code: 0 });
    }
  }, 360_000);

  test('examples/deploy.ts applies a Clusterfile, follows it and exits with its result, whatever becomes of server and database', async () => {
    const [host = ''] = lab.hosts;
    const deployed = deploy();
    await lab.until(host, 'the first file', '[ -e /var/lib/keelson/claim.json ]');
    server.crashDatabase();
    server.startDatabase();
    await lab.until(host, 'kubeadm init', `pgrep -f '/[k]ubeadm init --config' >/dev/null`);
    await server.crashServer();
    server.crashDatabase();
    server.startDatabase();
    await server.startServer();
    await lab.until(host, 'the end of kubeadm init', 'compgen -G "/var/lib/keelson/jobs/*-kubeadm-init-1/exit" >/dev/null');
    server.crashDatabase();
    server.startDatabase();
    const { code, out } = await deployed;
    expect(lab.kubeadmCalls(host)).toEqual(['init']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('1 node Ready at v1') as string });
    expect(Object.values(lab.nodes(lab.hosts[0]!))).toEqual(['Ready']);
    expect(away.journal('team').length).toBeGreaterThan(0);
  }, 800_000);

  test('and says so when the cluster is not to be had', async () => {
    writeFileSync(file, `apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: other}\nspec: {image: [${images('flannel').join('')}], ssh: {user: root, pk: ${lab.key}}, hosts: [{ips: ['${lab.hosts[0]!}:22'], roles: [master]}]}\n`);
    const { code, out } = await deploy();
    expect(code).toBe(1);
    expect(out).toMatch(/no image of type rootfs/);
  }, 180_000);

  test('a namespace that the server does not have is named, with the way to make it', async () => {
    const { code, stderr } = await home.run(['status'], { env: { TEMPORAL_NAMESPACE: 'elsewhere' } });
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('has no namespace elsewhere') as string });
    expect(stderr).toContain('temporal operator namespace create -n elsewhere');
  }, 90_000);

  test('the Temporal worker ends when it is told to', async () => {
    worker.child.kill('SIGTERM');
    expect((await eventually('the Temporal worker ends', async () => worker.ended, 30_000)).code).toBe(0);
  }, 120_000);
});
