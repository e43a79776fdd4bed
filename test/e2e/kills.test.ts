import { eventually, Home, images, Lab, scenario } from './harness';

const name = 'kills';
const data = `/var/lib/sealos/data/${name}`;

/** A file as it lies on a host: the inode says whether it is still the one that was seen before. */
interface Seen { readonly inode: string; readonly size: number }

/**
 * One install through four crashes: the Temporal worker during the transfer and during a join, the Temporal server in
 * between, and during `kubeadm init` all of Keelson at once, with nobody there to start it again. What was done stays done,
 * and nothing is done twice.
 */
scenario('an install survives kill -9 of the Temporal worker and of the Temporal server', () => {
  const lab = new Lab('e2e-kills');
  const home = new Home();
  let leader = '';
  let workers: string[] = [];
  let view: ReturnType<Home['start']>;
  const arrived = new Map<string, Map<string, Seen>>();
  const install = () => [
    'run', ...images('kubernetes', 'flannel'), '--cluster', name,
    '--masters', leader, '--nodes', workers.join(','), '--pk', lab.key, '--yes',
  ];

  /** Regular files below a folder of a host, by path. */
  const filesIn = (host: string, dir: string): Map<string, Seen> => new Map(
    lab.on(host, `cd ${dir} 2>/dev/null && find . -type f -printf '%i %s %p\\n' || true`).split('\n').filter(Boolean).map((line) => {
      const [inode = '', size = '', path = ''] = line.split(' ');
      return [path, { inode, size: Number(size) }];
    }),
  );
  const running = (word: string) => `^(/usr/bin/)?kubeadm ${word} --config`;
  const startedAgain = (which: 'server' | 'worker', before: number) =>
    eventually(`a new Temporal ${which}`, () => home.pid(which) !== before && home.pid(which), 120_000);

  beforeAll(() => {
    [leader = '', ...workers] = lab.up(3);
    for (const host of lab.hosts) lab.countKubeadm(host);
  }, 600_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  test('the Temporal worker, during the transfer: whoever watches starts it again', async () => {
    view = home.start(install());
    // Files go in the order of their names: when kubelet comes, kubeadm and kubectl are there, more than 100 MB.
    await Promise.any(lab.hosts.map((host) => lab.until(host, 'the third big file of the transfer', `[ -s ${data}/.staging/files/tree/rootfs/bin/kubelet ]`)));
    const pid = await home.kill('worker');
    for (const host of lab.hosts) {
      await lab.until(host, 'the end of the stream', '! pgrep -x tar >/dev/null', 120_000);
      arrived.set(host, filesIn(host, `${data}/.staging/files/tree`));
    }
    await startedAgain('worker', pid);
  }, 400_000);

  test('the Temporal server, while the hosts are made ready: it comes back with its database', async () => {
    await lab.until(leader, 'a container runtime', 'pgrep -x containerd >/dev/null');
    const pid = await home.kill('server');
    await startedAgain('server', pid);
  }, 400_000);

  test('all of Keelson, 4 s into kubeadm init: init ends by itself, and the same command goes on', async () => {
    await lab.until(leader, '4 s of kubeadm init', `pid=$(pgrep -f '${running('init')}') && [ "$(ps -o etimes= -p "$pid")" -ge 4 ]`);
    view.child.kill('SIGKILL');
    await view.ended;
    await home.kill('worker');
    await home.kill('server');
    expect(lab.on(leader, `pgrep -fc '${running('init')}'`).trim()).toBe('1');
    await lab.until(leader, 'the end of kubeadm init', 'compgen -G "/var/lib/keelson/jobs/*-kubeadm-init-1/exit" >/dev/null');
    expect(lab.on(leader, 'cat /var/lib/keelson/jobs/*-kubeadm-init-1/exit').trim()).toBe('0');
    expect(lab.on(leader, 'ls /var/lib/keelson/done')).not.toMatch(/^init$/m);
    view = home.start(install());
  }, 400_000);

  test('the Temporal worker, during a join', async () => {
    await Promise.any(workers.map((host) => lab.until(host, 'kubeadm join', `pgrep -f '${running('join')}' >/dev/null`)));
    const pid = await home.kill('worker');
    await startedAgain('worker', pid);
  }, 400_000);

  test('the install ends well: every node Ready, one operation, one init, one join each', async () => {
    const ran = await view.ended;
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready']);
    expect(Object.fromEntries(lab.hosts.map((host) => [host, lab.kubeadmCalls(host)]))).toEqual({
      [leader]: ['init'], [workers[0]!]: ['join'], [workers[1]!]: ['join'],
    });
    // The killed Temporal worker had made tokens that it could not delete any more.
    expect(lab.on(leader, 'kubeadm --kubeconfig /etc/kubernetes/admin.conf token list')).toBe('');
    expect(lab.on(leader, 'ls -d /var/lib/keelson/jobs/*-kubeadm-*').trim().split('\n')).toHaveLength(1);
    expect(new Set(home.journal(name).map(({ operation }) => operation))).toEqual(new Set(['init-1']));
  }, 600_000);

  test('the transfer went on from what the hosts had: no file that had arrived was sent again', () => {
    let most = 0;
    for (const [host, before] of arrived) {
      const now = filesIn(host, data);
      const complete = [...before].filter(([path, { size }]) => now.get(path)?.size === size);
      expect(before.size - complete.length).toBeLessThanOrEqual(1);
      expect(complete.filter(([path, { inode }]) => now.get(path)?.inode !== inode)).toEqual([]);
      const bytes = complete.reduce((sum, [, { size }]) => sum + size, 0);
      const kept = Math.max(...[...home.log(name, 'init-1', 'MountRootfs', host).matchAll(/sent \d+ files, \d+ bytes; kept (\d+) bytes/g)].map(([, found]) => Number(found)));
      expect(kept).toBeGreaterThanOrEqual(bytes);
      most = Math.max(most, bytes);
    }
    expect(most).toBeGreaterThan(100e6);
  });
});
