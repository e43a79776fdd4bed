import { execFileSync } from 'node:child_process';
import { realpathSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { differences, snapshotHost } from '../hosts/snapshot';
import { eventually, Home, images, Lab, scenario } from './harness';

const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';

scenario('three control planes and a worker', () => {
  const lab = new Lab('e2e-three');
  const home = new Home();
  let leader = '';

  beforeAll(() => {
    leader = lab.up(5)[0]!;
  }, 600_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  const members = (on = leader): string[] =>
    lab.on(on, `${kubectl} -n kube-system exec etcd-${lab.name(on)} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key member list`)
      .trim().split('\n');

  /** What the web application says on a host, by its Service. */
  const webAnswers = (on: string): Promise<string> => {
    const service = lab.on(lab.hosts[1]!, `${kubectl} -n web get service web -o 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}'`);
    return eventually(`the application answers on ${on}`, () => lab.on(on, `curl -fsS --max-time 3 http://${service}/`, { check: false }) || undefined, 90_000);
  };

  test('all are Ready, and etcd has one member per control plane', async () => {
    const ran = await home.run(['run', ...images('kubernetes', 'flannel'), '--cluster', 'three', '--masters', lab.hosts.slice(0, 3).join(','), '--nodes', lab.hosts[3]!, '--pk', lab.key, '--yes']);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready', 'Ready']);
    expect(members()).toHaveLength(3);
  }, 1_000_000);

  test('control planes joined one after another', () => {
    const at = (host: string, title: string) => home.journal('three').findIndex((entry) => entry.host === host && entry.title === title);
    expect(at(lab.hosts[1]!, 'mark join:control-plane')).toBeLessThan(at(lab.hosts[2]!, 'kubeadm join: start'));
  });

  test('exec and scp go to the hosts of a role, all at once, and say whose answer is whose', async () => {
    const four = lab.hosts.slice(0, 4);
    const lines = ({ stdout }: { stdout: string }): string[] => stdout.trim().split('\n').sort();
    const on = (hosts: readonly string[], said: (host: string) => string): string[] => hosts.map((host) => `${host}\t${said(host)}`).sort();
    // None ends before all have begun.
    const all = home.start(['exec', 'three', 'touch /tmp/begun; until [ -e /tmp/go ]; do sleep 0.1; done; echo over']);
    await Promise.all(four.map((host) => lab.until(host, 'the command', '[ -e /tmp/begun ]', 120_000)));
    for (const host of four) lab.on(host, 'touch /tmp/go');
    const told = await all.ended;
    expect({ code: told.code, lines: lines(told) }).toEqual({ code: 0, lines: on(four, () => 'over') });
    const masters = await home.run(['exec', 'three', '--roles', 'master', 'hostname']);
    expect({ code: masters.code, lines: lines(masters) }).toEqual({ code: 0, lines: on(four.slice(0, 3), (host) => lab.name(host)) });
    const some = await home.run(['exec', 'three', `[ "$(hostname)" != ${lab.name(four[1]!)} ] || { echo no; exit 9; }`]);
    expect({ code: some.code, lines: lines(some) }).toEqual({ code: 1, lines: on([four[1]!], () => 'no') });
    writeFileSync(join(home.dir, 'note'), 'to all\n');
    expect(await home.run(['scp', 'three', '--roles', 'node', join(home.dir, 'note'), '/opt/note'])).toMatchObject({ code: 0 });
    expect(four.map((host) => lab.on(host, 'cat /opt/note 2>/dev/null || true'))).toEqual(['', '', '', 'to all\n']);
  }, 360_000);

  test('Services answer on every host', async () => {
    // kube-proxy of a control plane that has joined was started twice.
    for (const host of lab.hosts.slice(0, 4)) {
      await eventually(`the Service of the API answers on ${host}`, () => lab.on(host, 'curl -sk --max-time 3 https://10.96.0.1/readyz', { check: false }) === 'ok', 30_000);
    }
  }, 450_000);

  test('a worker goes on reaching the API when a control plane falls silent', async () => {
    const worker = lab.hosts[3]!;
    const ask = 'kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=3s get --raw=/readyz';
    expect(lab.on(worker, ask)).toBe('ok');
    lab.on(leader, 'mkdir -p /root/aside && mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/aside/');
    await eventually('the API server of the leader ends', () => lab.on(leader, 'ss -Hltn "sport = :6443"').trim() === '', 90_000);
    await eventually('the API answers the worker', () => lab.on(worker, ask, { check: false }) === 'ok', 60_000);
    lab.on(leader, 'mv /root/aside/kube-apiserver.yaml /etc/kubernetes/manifests/');
    await eventually('the API server of the leader is back', () => lab.on(leader, `${kubectl} --server https://${leader}:6443 get --raw=/readyz`, { check: false }) === 'ok', 90_000);
  }, 600_000);

  test('a cluster whose quorum is lost comes back from a snapshot', async () => {
    const [, second, third] = lab.hosts;
    lab.on(leader, `${kubectl} create configmap before --from-literal=a=b`);
    const saved = await home.run(['etcd', 'save', 'three', '--json']);
    expect({ code: saved.code, out: saved.stdout + saved.stderr }).toMatchObject({ code: 0 });
    const [name] = lab.on(third!, 'ls /var/lib/keelson/snapshots').trim().split('\n');
    expect(lab.on(second!, 'ls /var/lib/keelson/snapshots').trim()).toBe(name);
    lab.on(leader, `${kubectl} create configmap after --from-literal=a=b`);

    // Two of three members lose all they had: nobody can read or write any more.
    for (const host of [second!, third!]) lab.on(host, 'mv /etc/kubernetes/manifests/etcd.yaml /root/ && pkill -x etcd; rm -rf /var/lib/etcd/member; mv /root/etcd.yaml /etc/kubernetes/manifests/');
    await eventually('the API is gone', () => lab.on(leader, `${kubectl} --server https://${leader}:6443 --request-timeout=5s get configmap after 2>/dev/null`, { check: false }) === '', 90_000);

    const ran = await home.run(['etcd', 'restore', 'three', name!, '--yes'], { timeoutMs: 600_000 });
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0 });
    expect(members()).toHaveLength(3);
    for (const host of [leader, second!, third!]) {
      expect(lab.on(host, `${kubectl} --server https://${host}:6443 get configmap before after -o name`, { check: false })).toBe('configmap/before\n');
    }
    await eventually('all nodes are Ready', () => Object.values(lab.nodes(leader)).join() === 'Ready,Ready,Ready,Ready', 180_000);
  }, 900_000);

  test("the leader's machine is destroyed: status tells the truth, and an application can be installed all the same (peers.md #19)", async () => {
    const [, second] = lab.hosts;
    lab.destroy(leader);
    await eventually('Kubernetes notices', () => lab.nodes(second!)[lab.name(leader)] === 'NotReady', 120_000);
    const status = await home.run(['status', 'three']);
    expect(status.stdout).toMatch(new RegExp(`${leader} +control plane, leader +unreachable`));
    expect(status.stdout).toMatch(/^ {2}Ready +False/m);

    const ran = await home.run(['run', ...images('web'), '--cluster', 'three', '--yes'], { timeoutMs: 300_000 });
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0, out: expect.stringContaining(`cannot be reached, left out: ${leader}`) as string });
    expect(await webAnswers(second!)).toContain('web v1');
    const after = await home.run(['status', 'three']);
    expect(after.stdout).toMatch(new RegExp(`${second!} +control plane, leader`));
  }, 600_000);

  test('it is deleted for good, and another machine takes its place', async () => {
    const [, second, third, worker, fresh] = lab.hosts;
    const asked = await home.run(['delete', '--cluster', 'three', '--masters', leader, '--yes']);
    expect({ code: asked.code, out: asked.stdout + asked.stderr }).toMatchObject({ code: 4, out: expect.stringContaining('--force') as string });
    const deleted = await home.run(['delete', '--cluster', 'three', '--masters', leader, '--force', '--yes'], { timeoutMs: 300_000 });
    expect({ code: deleted.code, out: deleted.stdout + deleted.stderr }).toMatchObject({ code: 0 });
    expect(Object.keys(lab.nodes(second!))).not.toContain(lab.name(leader));
    expect(members(second)).toHaveLength(2);

    const added = await home.run(['add', '--cluster', 'three', '--masters', fresh!, '--yes'], { timeoutMs: 300_000 });
    expect({ code: added.code, out: added.stdout + added.stderr }).toMatchObject({ code: 0 });
    expect(members(second)).toHaveLength(3);
    expect(lab.nodes(second!)).toEqual(Object.fromEntries([second, third, worker, fresh].map((host) => [lab.name(host!), 'Ready'])));
    for (const host of [second, third, worker, fresh]) expect(await webAnswers(host!)).toContain('web v1');
    const again = await home.run(['plan', '--cluster', 'three', '--exit-code']);
    expect({ code: again.code, out: again.stdout + again.stderr }).toMatchObject({ code: 0 });
  }, 900_000);
});

scenario('Keelson on a host that is a member of its own cluster', () => {
  const lab = new Lab('e2e-self');
  // All of Keelson's lies in one place where the look for what a reset has left does not go.
  const inHost = 'export KEELSON_HOME=/mnt/home TEMPORAL_CLI_PATH=/mnt/temporal; /mnt/node /mnt/keelson/dist/client/main.js';
  let [host, worker] = ['', ''];
  let fresh: ReturnType<typeof snapshotHost>[] = [];
  const snapshots = () => [host, worker].map((one) => snapshotHost(lab.name(one)));

  beforeAll(() => {
    const root = join(__dirname, '..', '..');
    const temporal = process.env.TEMPORAL_CLI_PATH ?? execFileSync(join(root, 'test/lab/temporal.sh'), { encoding: 'utf8' }).trim().split('\n').at(-1)!;
    const store = realpathSync(join(process.env.KEELSON_HOME ?? join(homedir(), '.keelson'), 'store'));
    const mounts = [
      [realpathSync(process.execPath), '/mnt/node:ro'], [root, '/mnt/keelson:ro'], [temporal, '/mnt/temporal:ro'], [store, '/mnt/home/store'], [lab.key, '/mnt/lab-key:ro'],
    ];
    process.env.KEELSON_LAB_ARGS = mounts.map(([from, to]) => `--volume ${from!}:${to!}`).join(' ');
    [host = '', worker = ''] = lab.up(2);
    delete process.env.KEELSON_LAB_ARGS;
    // No sshd: whatever works on the host itself works without it.
    lab.on(host, 'systemctl stop ssh.socket ssh.service 2>/dev/null; systemctl stop ssh');
    fresh = snapshots();
  }, 600_000);
  afterAll(() => lab.down(), 180_000);

  test('one control plane alone, reached without SSH, runs the application', async () => {
    const out = lab.on(host, `${inHost} run ${images('kubernetes', 'flannel', 'web').join(' ')} --cluster self --masters ${host} --yes 2>&1`, { check: false });
    expect(out).toMatch(/1 node Ready at v1/);
    const service = lab.on(host, `${kubectl} -n web get service web -o 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}'`);
    await eventually('the application answers', () => lab.on(host, `curl -fsS --max-time 3 http://${service}/`).length > 0);
  }, 800_000);

  test('another host joins it over SSH', () => {
    const out = lab.on(host, `${inHost} add --cluster self --nodes ${worker} --pk /mnt/lab-key --yes 2>&1`, { check: false });
    expect(out).toMatch(/2 nodes Ready at v1/);
    expect(lab.nodes(host)).toEqual({ [lab.name(host)]: 'Ready', [lab.name(worker)]: 'Ready' });
  }, 600_000);

  test('and reset leaves both as they were', () => {
    const out = lab.on(host, `${inHost} reset self --yes 2>&1; /mnt/node /mnt/keelson/dist/client/main.js local stop`, { check: false });
    expect(out).toMatch(/2 of 2 hosts are bare/);
    const after = snapshots();
    for (const [at, one] of [host, worker].entries()) expect({ host: one, left: differences(fresh[at]!, after[at]!) }).toEqual({ host: one, left: [] });
  }, 400_000);
});
