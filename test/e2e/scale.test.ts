import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, Home, images, Lab, type Ran, scenario } from './harness';

const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';

/** Asks the application through its Service on one host, over and over, and counts what fails. Not at 127.0.0.1: kube-proxy's nftables serve no node port there. */
const probe = (address: string): string => `#!/bin/bash
asked=0 failed=0
trap 'echo "$asked $failed" >/root/probe.result; exit 0' TERM
while :; do
  asked=$((asked + 1))
  curl -fsS --max-time 3 http://${address}:30080/ >/dev/null 2>/root/probe.last || { failed=$((failed + 1)); date >>/root/probe.failures; cat /root/probe.last >>/root/probe.failures; }
  echo "$asked $failed" >/root/probe.now
  sleep 0.2
done
`;

/** Notes the members of etcd and the control planes, over and over: a line for each change. */
const watcher = (name: string): string => `#!/bin/bash
last=
while :; do
  members=$(${kubectl} -n kube-system exec etcd-${name} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key member list -w simple 2>/dev/null | wc -l)
  planes=$(${kubectl} get nodes -l node-role.kubernetes.io/control-plane -o name 2>/dev/null | wc -l)
  [ "$members $planes" = "$last" ] || echo "$members $planes" >>/root/members
  last="$members $planes"
  sleep 0.3
done
`;

scenario('a cluster that grows and shrinks by its Clusterfile', () => {
  const lab = new Lab('e2e-scale');
  const home = new Home();
  let hosts: string[] = [];
  let leader = '';

  beforeAll(() => {
    hosts = lab.up(5);
    leader = hosts[0]!;
  }, 600_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  const apply = (masters: readonly string[], nodes: readonly string[], ...more: string[]): Promise<Ran> => {
    const file = join(home.dir, 'Clusterfile');
    writeFileSync(file, `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: scale}
spec:
  image: [${images('kubernetes', 'flannel', 'web').join(', ')}]
  ssh: {user: root, pk: ${lab.key}}
  hosts:
  - {ips: [${masters.map((host) => `${host}:22`).join(', ')}], roles: [master]}
  - {ips: [${nodes.map((host) => `${host}:22`).join(', ')}], roles: [node]}
`);
    return home.run(['apply', '-f', file, '--yes', ...more]);
  };
  const background = (host: string, name: string, script: string): void => {
    lab.on(host, `cat >/root/${name} && chmod 755 /root/${name} && systemd-run --quiet --unit ${name} /root/${name}`, { input: script });
  };
  const members = (): string[] => lab.on(leader, `${kubectl} -n kube-system exec etcd-${lab.name(leader)} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key member list -w simple`)
    .trim().split('\n').map((line) => line.split(', ')[2]!).sort();
  const ok = ({ code, stdout, stderr }: Ran): void => expect({ code, stdout: stdout.slice(-1500), stderr: stderr.slice(-1500) }).toMatchObject({ code: 0 });

  test('1+1 grows to 3+2', async () => {
    ok(await apply(hosts.slice(0, 1), hosts.slice(3, 4)));
    await eventually('the application answers', () => lab.on(leader, `curl -fsS --max-time 3 http://${leader}:30080/`, { check: false }).length > 0);
    background(leader, 'probe', probe(leader));
    background(leader, 'watcher', watcher(lab.name(leader)));
    ok(await apply(hosts.slice(0, 3), hosts.slice(3, 5)));
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready', 'Ready', 'Ready']);
    expect(members()).toEqual(hosts.slice(0, 3).map((host) => lab.name(host)).sort());
  }, 1_000_000);

  test('the same file again: nothing to do', async () => {
    const ran = await apply(hosts.slice(0, 3), hosts.slice(3, 5), '--dry-run');
    expect(ran.stdout).toContain('nothing to do');
  }, 180_000);

  test('and shrinks to 1+1: hosts that left are bare', async () => {
    ok(await apply(hosts.slice(0, 1), hosts.slice(3, 4)));
    expect(Object.keys(lab.nodes(leader)).sort()).toEqual([lab.name(leader), lab.name(hosts[3]!)].sort());
    expect(members()).toEqual([lab.name(leader)]);
    for (const gone of [hosts[1]!, hosts[2]!, hosts[4]!]) {
      expect(lab.on(gone, 'ls -d /var/lib/keelson /etc/kubernetes/kubelet.conf /var/lib/sealos/data/* 2>/dev/null; ls -A /var/lib/etcd', { check: false }).trim()).toBe('');
    }
    const balanced = lab.on(hosts[3]!, 'cat /etc/kubernetes/keelson-haproxy.cfg');
    expect(balanced).toContain(`${leader}:6443`);
    expect(balanced).not.toContain(`${hosts[1]}:6443`);
  }, 800_000);

  test('adds and removes in one apply', async () => {
    ok(await apply(hosts.slice(0, 1), [hosts[4]!]));
    expect(Object.keys(lab.nodes(leader)).sort()).toEqual([lab.name(leader), lab.name(hosts[4]!)].sort());
  }, 600_000);

  test('a host joins by add and leaves by delete; what makes no sense is refused and starts nothing', async () => {
    const [, , , spare, worker] = hosts;
    const at = ['--cluster', 'scale'];
    const operations = async (): Promise<number> => (JSON.parse((await home.run(['history', 'scale', '--json'])).stdout) as { operations: unknown[] }).operations.length;
    const before = await operations();
    expect((await home.run(['add', ...at, '--nodes', worker!, '--pk', lab.key])).code).not.toBe(0);
    expect((await home.run(['delete', ...at, '--nodes', spare!, '--yes'])).code).not.toBe(0);
    expect((await home.run(['delete', ...at, '--masters', leader, '--yes'])).code).not.toBe(0);
    expect(await operations()).toBe(before);
    ok(await home.run(['add', ...at, '--nodes', spare!, '--pk', lab.key, '--yes']));
    expect(lab.nodes(leader)).toHaveProperty([lab.name(spare!)], 'Ready');
    ok(await home.run(['delete', ...at, '--nodes', spare!, '--yes']));
    expect(lab.nodes(leader)).not.toHaveProperty([lab.name(spare!)]);
  }, 600_000);

  test('through all of it the application answered, and etcd had its quorum', async () => {
    lab.on(leader, 'systemctl stop watcher; systemctl stop probe');
    const [asked, failed] = lab.on(leader, 'cat /root/probe.result').trim().split(' ').map(Number);
    // When it failed, and what was being done then.
    const failures = lab.on(leader, 'cat /root/probe.failures 2>/dev/null', { check: false });
    const how = failures && `${failures}${home.journal('scale').filter(({ changes }) => changes).map(({ at, host, title }) => `${at} ${host} ${title}`).join('\n')}`;
    expect({ failed, how }).toEqual({ failed: 0, how: '' });
    expect(asked).toBeGreaterThan(100);
    // A join adds the member a moment before the Node is a control plane's, a removal takes it a moment before the Node: never more than one apart.
    const seen = lab.on(leader, 'cat /root/members').trim().split('\n').map((line) => line.split(' ').map(Number) as [number, number])
      // While etcd chooses a leader the API may not answer.
      .filter(([etcd, planes]) => etcd > 0 && planes > 0);
    expect(Math.max(...seen.map(([etcd]) => etcd))).toBe(3);
    for (const [etcd, planes] of seen) expect(Math.abs(etcd - planes)).toBeLessThanOrEqual(1);
  });
});
