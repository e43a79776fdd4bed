import { eventually, Home, images, Lab, scenarioOfAll } from './harness';

const name = 'upgrade-ha';
const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
const former = 'localhost/keelson/kubernetes:v1.33.13';
const newer = 'localhost/keelson/kubernetes:v1.34.2';

/**
 * Asks the host's own etcd twice a second whether it serves, and notes when it did not: two times, from and to. Reads that
 * need no leader: for the second or two of an election all three would say no, with every member there.
 */
const watchEtcd = `while :; do
  from=$(date +%s.%N)
  curl -fsS -o /dev/null --max-time 4 'http://127.0.0.1:2381/health?serializable=true' 2>/dev/null || echo "$from $(date +%s.%N)" >>/root/etcd-away
  echo >>/root/etcd-asked
  sleep 0.5
done
`;

interface Span { readonly from: number; readonly to: number }

/**
 * One minor version up on three control planes and a worker. Each host's own etcd is asked all along, and the Temporal worker
 * is killed while the second control plane changes.
 */
scenarioOfAll('three control planes and a worker go from 1.33 to 1.34', () => {
  const lab = new Lab('e2e-upgrade-ha');
  const home = new Home();
  let [leader, second, third, worker] = ['', '', '', ''];

  const upgrades = () => home.journal(name).filter(({ title, changes }) => changes && /^(kubeadm upgrade|upgrade the kubelet): start$/.test(title));
  const versions = (): string[] => lab.on(leader, `${kubectl} get nodes -o 'jsonpath={range .items[*]}{.status.nodeInfo.kubeletVersion} {end}'`).trim().split(' ');
  const members = (on = leader): string[] => lab.on(on, `${kubectl} -n kube-system exec etcd-${lab.name(on)} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key member list`).trim().split('\n');
  const away = (host: string): Span[] => lab.on(host, 'cat /root/etcd-away 2>/dev/null || true').split('\n').filter(Boolean)
    .map((line) => line.split(' ').map(Number)).map(([from = 0, to = 0]) => ({ from, to }));

  beforeAll(async () => {
    [leader = '', second = '', third = '', worker = ''] = lab.up(4);
    const ran = await home.run(['run', former, ...images('flannel'), '--cluster', name, '--masters', [leader, second, third].join(','), '--nodes', worker, '--pk', lab.key, '--yes'], { timeoutMs: 600_000 });
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    for (const host of [leader, second, third]) lab.on(host, 'cat >/root/watch-etcd && systemd-run --quiet --unit watch-etcd bash /root/watch-etcd', { input: watchEtcd });
  }, 700_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  test('the Temporal worker killed while the second control plane changes goes on at the same host, and all end at the new version', async () => {
    const view = home.start(['run', newer, '--cluster', name, '--yes'], { timeoutMs: 1_200_000 });
    await lab.until(second, 'a static pod of the new version on the second control plane', 'grep -q 3.6.5-0 /etc/kubernetes/manifests/etcd.yaml', 600_000);
    const before = upgrades().map(({ host }) => host);
    const killed = new Date().toISOString();
    await home.kill('worker');
    const ran = await view.ended;
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(versions()).toEqual(['v1.34.2', 'v1.34.2', 'v1.34.2', 'v1.34.2']);
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready', 'Ready']);
    expect(members()).toHaveLength(3);

    // Leader, the others one by one, the worker at the end; each step once, whoever followed it.
    expect(before).toEqual([leader, leader, second]);
    expect(upgrades().map(({ host, title }) => `${host} ${title.split(':')[0]!}`)).toEqual([
      ...[leader, second, third].flatMap((host) => [`${host} kubeadm upgrade`, `${host} upgrade the kubelet`]), `${worker} upgrade the kubelet`,
    ]);
    // A host that is done gets no further changing command.
    expect(home.journal(name).filter(({ host, stage, changes, at, title }) => host === leader && stage === 'Upgrade' && changes && at > killed && !title.startsWith('kubectl '))).toEqual([]);
  }, 1_300_000);

  test('etcd never was below its quorum', () => {
    for (const host of [leader, second, third]) {
      lab.on(host, 'systemctl stop watch-etcd');
      expect(Number(lab.on(host, 'wc -l </root/etcd-asked'))).toBeGreaterThan(100);
    }
    const spans = [leader, second, third].map(away);
    // Each member was away once for its own upgrade, so the watch sees what it is meant to see.
    for (const own of spans) expect(own.length).toBeGreaterThan(0);
    const both = spans.flatMap((own, index) => spans.slice(index + 1).flatMap((others) =>
      own.flatMap((one) => others.filter((other) => one.from < other.to && other.from < one.to).map((other) => ({ one, other })))));
    expect(both).toEqual([]);
  });

  test('the same again is nothing to do', async () => {
    const ran = await home.run(['plan', '--cluster', name, '--exit-code']);
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0 });
    await eventually('the API answers on each control plane', () => [leader, second, third].every((host) => lab.on(host, `${kubectl} --server https://${host}:6443 get --raw=/readyz`, { check: false }) === 'ok'));
  }, 360_000);

  test('the leader itself can leave: another control plane takes over, and goes on leading', async () => {
    const ran = await home.run(['delete', '--cluster', name, '--masters', leader, '--yes'], { timeoutMs: 600_000 });
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0 });
    expect(Object.keys(lab.nodes(second)).sort()).toEqual([second, third, worker].map((host) => lab.name(host)).sort());
    expect(members(second)).toHaveLength(2);
    expect((await home.run(['status', name])).stdout).toMatch(new RegExp(`${second} +control plane, leader`));
    // What it served is served by the one that leads now, and the worker reaches the API without it.
    expect(lab.on(worker, 'kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=5s get --raw=/readyz')).toBe('ok');
    expect(lab.on(leader, 'ls /etc/kubernetes/manifests /var/lib/etcd/member 2>/dev/null | wc -l', { check: false }).trim()).toBe('0');
    const added = await home.run(['add', '--cluster', name, '--masters', leader, '--yes'], { timeoutMs: 600_000 });
    expect({ code: added.code, out: added.stdout + added.stderr }).toMatchObject({ code: 0 });
    expect(members(second)).toHaveLength(3);
    expect((await home.run(['plan', '--cluster', name, '--exit-code'])).code).toBe(0);
  }, 1_300_000);
});
