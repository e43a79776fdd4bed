import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { fetchKubeconfig } from '../../client/fetch-kubeconfig';
import { mergeInto, rename } from '../../client/kubeconfig';
import { ClusterError } from '../../domain/errors';
import { aTarget, startServer } from '../activities/ssh-server';
import { credentialField, seal } from '../../home/seal';
import { aCluster } from '../fixtures';

const adminConf = 'clusters: [{name: k, cluster: {server: "https://apiserver.cluster.local:6443"}}]\nusers: [{name: admin}]\n';
const down = (host: string): ClusterError => new ClusterError('HostUnreachable', `${host} does not answer`, { host });

describe('the admin kubeconfig of a cluster of three control planes', () => {
  const spec = aCluster(3, 1);
  const [one, two, three] = spec.hosts.map(({ address }) => address) as [string, string, string];
  const asked: string[] = [];
  const said: string[] = [];
  const fetchFrom = (alive: readonly string[]): Promise<string> => fetchKubeconfig(spec, { uid: 'u', leader: two, hostKeys: {} }, {
    allowLocal: false, say: (line) => said.push(line),
    read: async ({ address }) => {
      asked.push(address);
      if (alive.includes(address)) return adminConf;
      throw down(address);
    },
  });
  const serverOf = (text: string): string => (parse(text) as { clusters: [{ cluster: { server: string } }] }).clusters[0].cluster.server;
  beforeEach(() => { asked.length = said.length = 0; });

  test('is the leader\'s where that one answers', async () => {
    expect(serverOf(await fetchFrom([one, two, three]))).toBe(`https://${two}:6443`);
    expect([asked, said]).toEqual([[two], []]);
  });

  test('is another one\'s, with its address, where the leader is dead', async () => {
    expect(serverOf(await fetchFrom([three]))).toBe(`https://${three}:6443`);
    expect(asked).toEqual([two, one, three]);
    expect(said).toEqual([expect.stringContaining(two), expect.stringContaining(one)]);
  });

  test('tells of the leader where none answers', async () => {
    await expect(fetchFrom([])).rejects.toMatchObject({ type: 'HostUnreachable', details: { host: two } });
    expect(asked).toHaveLength(3);
  });
});

test('a control plane that lets us in and then hangs is a time-out, with words', async () => {
  const home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env.KEELSON_HOME = home;
  // Whatever is run there never ends, nor says anything.
  writeFileSync(join(home, 'hangs'), 'sleep 300\n');
  const server = await startServer({ password: 'right-password', env: { BASH_ENV: join(home, 'hangs') } });
  try {
    const program = join(__dirname, '..', '..', 'workers', 'kubeconfig.ts');
    const child = spawn(process.execPath, ['-r', join(__dirname, '..', 'temporal', 'typescript.js'), program], { env: { ...process.env, KEELSON_HOME: home }, stdio: ['pipe', 'pipe', 'pipe'] });
    const password = seal('right-password', { cluster: 'demo', field: credentialField('root', 'password') });
    child.stdin.end(JSON.stringify({ host: aTarget(server.port, { access: { user: 'root', password } }), uid: 'u', allowLocal: false, withinMs: 1_000 }));
    const [out, err] = await Promise.all([child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')));
    expect(err).toBe('');
    expect(JSON.parse(out!)).toMatchObject({ error: { type: 'CommandTimedOut', message: expect.stringContaining('test-host') as string } });
  } finally {
    await server.close();
    delete process.env.KEELSON_HOME;
    rmSync(home, { recursive: true });
  }
});

test.each(['is there', 'is not there yet'])('a kubeconfig that is a link stays one: what it leads to is written, where that %s', (what) => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-'));
  try {
    const [link, file] = [join(dir, 'kube', 'config'), join(dir, 'dotfiles', 'kubeconfig')];
    for (const path of [link, file]) mkdirSync(dirname(path));
    if (what === 'is there') writeFileSync(file, 'users: [{name: other}]\n');
    symlinkSync('../dotfiles/kubeconfig', link);
    mergeInto(link, rename(adminConf, 'prod', '10.0.0.1'));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect((parse(readFileSync(file, 'utf8')) as { users: { name: string }[] }).users.map(({ name }) => name)).toEqual([...what === 'is there' ? ['other'] : [], 'keelson-prod']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
