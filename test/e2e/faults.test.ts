import { Home, images, Lab, scenario } from './harness';

const name = 'faults';

/**
 * Everything that goes wrong with hosts and with people, on one cluster of one control plane and four workers: two people
 * at once, a frozen host, a link that is down, an image's script that fails. The healthy hosts go on, each cause is named,
 * and the same command brings it all to a good end without doing anything twice. (Keelson itself killed: kills.test.ts.)
 */
scenario('faults of hosts: the healthy ones go on, the causes are named, the same command mends it', () => {
  const lab = new Lab('e2e-faults');
  const home = new Home();
  let leader = '';
  let [frozen, cut, broken, healthy] = ['', '', '', ''];
  let routes = '';
  let isFrozen = false;
  let mendedAt = '';
  const install = () => [
    'run', ...images('kubernetes', 'flannel'), '--cluster', name,
    '--masters', leader, '--nodes', [frozen, cut, broken, healthy].join(','), '--pk', lab.key, '--yes',
  ];
  const isMarked = (mark: string) => `compgen -G "/var/lib/keelson/done/${mark}" >/dev/null`;

  beforeAll(() => {
    [leader = '', frozen = '', cut = '', broken = '', healthy = ''] = lab.up(5);
    for (const host of lab.hosts) lab.countKubeadm(host);
    // Nobody may join before two hosts are lost, however fast the first control plane is.
    lab.on(leader, `sed -i '2i until [ "$1 $2" != "init --config" ] || [ -e /root/go-on ]; do sleep 0.1; done' /usr/local/sbin/kubeadm`);
    // A file where the image's init.sh needs a folder: it fails there, in its own words.
    lab.on(broken, 'touch /etc/systemd/system/kubelet.service.d');
  }, 600_000);
  afterAll(async () => {
    if (isFrozen) lab.podman('unpause', frozen);
    await home.close();
    lab.down();
  }, 360_000);

  test('the same command twice at once, and two hosts lost before Join: one operation, the others finish, each cause is named', async () => {
    const both = [home.start(install()), home.start(install())];
    await Promise.all([frozen, cut].map((host) => lab.until(host, 'the end of Bootstrap', isMarked('bootstrap:*'))));
    expect(lab.on(leader, isMarked('init'), { check: false })).toBe('');
    const lost = Date.now();
    lab.podman('pause', frozen);
    isFrozen = true;
    routes = lab.on(cut, 'ip -4 route show default');
    lab.on(cut, 'ip link set eth0 down');
    lab.on(leader, 'touch /root/go-on');

    for (const { ended } of both) {
      const ran = await ended;
      expect(ran).toMatchObject({ code: 3 });
      expect(ran.stdout).toContain(`${name}: init-1 began`);
      const words = ran.stdout.slice(ran.stdout.lastIndexOf('\nparked: '));
      expect(words).toMatch(new RegExp(`Join ${frozen}: .*sshd does not answer`));
      expect(words).toMatch(new RegExp(`Join ${cut}: .*(no route|no answer)`));
      expect(words).toMatch(new RegExp(`Bootstrap ${broken}: .*init\\.sh failed on ${broken} with exit code 1.*kubelet\\.service\\.d`));
    }
    // Init, the healthy join, and the time in which a dead link is noticed: far from for ever.
    const noticed = Date.now() - lost;
    process.stderr.write(`noticed after ${noticed} ms\n`);
    expect(noticed).toBeLessThan(250_000);
    expect(new Set(home.journal(name).map(({ operation }) => operation))).toEqual(new Set(['init-1']));
    expect(lab.nodes(leader)).toEqual({ [lab.name(healthy)]: 'Ready', [lab.name(leader)]: 'Ready' });
  }, 600_000);

  test('status says host, command and last lines, and that it waits', async () => {
    const status = await home.run(['status', name]);
    expect(status.code).toBe(3);
    for (const host of [frozen, cut, broken]) expect(status.stdout).toContain(host);
    expect(status.stdout).toMatch(/image script init: .*init\.sh failed/);
    expect(status.stdout).toMatch(/kubelet\.service\.d/);
    expect(status.stdout).toContain(`keelson retry ${name}`);
  }, 180_000);

  test('mended: the same command ends well', async () => {
    mendedAt = new Date().toISOString();
    lab.podman('unpause', frozen);
    isFrozen = false;
    lab.on(cut, `ip link set eth0 up && ip route replace ${routes.trim()}`);
    lab.on(broken, 'rm /etc/systemd/system/kubelet.service.d');
    const ran = await home.run(install());
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(lab.nodes(leader)).toEqual(Object.fromEntries(lab.hosts.map((host) => [lab.name(host), 'Ready'])));
  }, 600_000);

  test('nothing was done twice: one init, one join each, and the healthy hosts were left alone', () => {
    expect(Object.fromEntries(lab.hosts.map((host) => [host, lab.kubeadmCalls(host)]))).toEqual({
      [leader]: ['init'], ...Object.fromEntries([frozen, cut, broken, healthy].map((host) => [host, ['join']])),
    });
    // `status` looks at the hosts as well.
    const journal = home.journal(name).filter(({ operation }) => operation !== 'look');
    expect(new Set(journal.map(({ operation }) => operation))).toEqual(new Set(['init-1']));
    const late = journal.filter(({ at, changes }) => changes && at > mendedAt);
    expect(late.filter(({ host }) => host === healthy)).toEqual([]);
    // The leader mints and deletes the tokens of the joins, and keeps the copy of the state.
    expect(late.filter(({ host, title }) => host === leader && !/token|copy of the state/.test(title))).toEqual([]);
  });
});
