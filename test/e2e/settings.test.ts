import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, Home, images, Lab, type Ran, scenario } from './harness';

const name = 'settings';
const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';

/** What a person changes in the Clusterfile of a cluster that runs: of kubelets, control plane and kube-proxy, and what cannot be changed. */
scenario('changed settings reach what runs, as real kubelets and kubeadm take them', () => {
  const lab = new Lab('e2e-settings');
  const home = new Home();
  let [leader, worker] = ['', ''];

  const file = (...documents: string[]): string => {
    const path = join(home.dir, 'Clusterfile');
    const cluster = `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: ${name}}
spec:
  image: [${images('kubernetes', 'flannel').join(', ')}]
  hosts:
  - {ips: ["${leader}:22"], roles: [master, amd64]}
  - {ips: ["${worker}:22"], roles: [node, amd64]}
  ssh: {user: root, pk: ${lab.key}}
`;
    writeFileSync(path, [cluster, ...documents].join('---\n'));
    return path;
  };
  const kubelet = (said: string): string => `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${said}\n`;
  const cluster = (said: string): string => `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n${said}\n`;
  const policy = (said: string): string => `apiVersion: keelson.dev/v1alpha1\nkind: Policy\nspec: ${said}\n`;
  /** The worker's Node has a label and a taint. */
  const marked = (): string => policy(`{nodeLabels: {"${worker}": {disk: fast}}, nodeTaints: {"${worker}": ["disk=fast:PreferNoSchedule"]}}`);
  const markedNodes = (): string => lab.on(leader, `${kubectl} get nodes -l disk=fast -o 'jsonpath={range .items[*]}{.status.addresses[0].address} {.spec.taints[*].key}{end}'`).trim();
  const apply = (...documents: string[]) => home.run(['apply', '-f', file(...documents), '--yes'], { timeoutMs: 600_000 });
  const ended = ({ code, stdout, stderr }: Ran, wanted: number): void => expect([code, code === wanted ? '' : (stdout + stderr).slice(-3_000)]).toEqual([wanted, '']);
  const cancelled = async (): Promise<void> => {
    await home.run(['cancel', name, '--yes']);
    // Until a cancelled operation has ended, an apply is refused.
    await home.run(['watch', name]);
  };

  const pods = (): string[] => lab.on(leader, `${kubectl} get nodes -o 'jsonpath={range .items[*]}{.status.capacity.pods} {end}'`).trim().split(' ');
  const kubelets = (): string[] => lab.hosts.map((host) => lab.on(host, 'systemctl show kubelet -p MainPID --value').trim());
  const flags = (): string => lab.on(leader, `grep -- ' - --' /etc/kubernetes/manifests/*.yaml`);
  const ready = (): string => lab.on(leader, `${kubectl} get --raw=/readyz`).trim();
  const kept = (configmap: string): string => lab.on(leader, `${kubectl} -n kube-system get configmap ${configmap} -o yaml`);
  /** The copy of the state is kept a moment after the operation. */
  const changes = () => home.journal(name).filter(({ changes: isOne, stage }) => isOne && stage !== 'SaveState');

  beforeAll(async () => {
    [leader = '', worker = ''] = lab.up(2);
    ended(await apply(), 0);
  }, 800_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  test('another network is refused, with the value that runs; nothing is begun', async () => {
    const before = { flags: flags(), changes: changes().length };
    const ran = await apply(cluster('networking: {podSubnet: 10.50.0.0/16, serviceSubnet: 10.96.0.0/22}'));
    expect(ran).toMatchObject({ code: 4, stderr: expect.stringContaining('podSubnet is 100.64.0.0/10 in the cluster that runs and cannot become 10.50.0.0/16') as string });
    expect(ran.stderr).not.toContain('serviceSubnet is');
    expect({ flags: flags(), changes: changes().length }).toEqual(before);
  }, 180_000);

  test('a host without a mark is compared, and its kubelet goes on as it is', async () => {
    const before = kubelets();
    for (const host of lab.hosts) lab.on(host, 'rm /var/lib/keelson/done/settings-kubelet:*');
    ended(await apply(), 0);
    expect(kubelets()).toEqual(before);
    for (const host of lab.hosts) expect(lab.on(host, 'ls /var/lib/keelson/done')).toContain('settings-kubelet:');
  }, 360_000);

  /** etcd's argument starts etcd anew, and with it all of the control plane: a minute more, for `make test-all`. */
  const etcd = process.env.KEELSON_TEST_ALL ? 'etcd: {local: {extraArgs: [{name: max-request-bytes, value: "2000000"}]}}' : '';
  const changed = [
    kubelet('maxPods: 57'),
    cluster(`apiServer: {extraArgs: [{name: event-ttl, value: 2h}], certSANs: [api.example.com]}\n${etcd}`),
    'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nconntrack: {maxPerCore: 0}\nmetricsBindAddress: 127.0.0.1:10249\n',
  ];

  test('a number of pods, an argument of the API server, a name in its certificate and settings of kube-proxy, a label and a taint, in one apply', async () => {
    const before = { flags: flags(), kubelets: kubelets() };
    ended(await apply(...changed, marked()), 0);
    expect(markedNodes()).toBe(`${worker} disk`);
    await eventually('the capacity of both Nodes', () => pods().every((count) => count === '57'));
    expect(kept('kubelet-config')).toContain('maxPods: 57');
    kubelets().forEach((pid, at) => expect(pid).not.toBe(before.kubelets[at]));

    const added = flags().split('\n').filter((line) => !before.flags.includes(line));
    expect(added.map((line) => line.replace(/^\S+manifests\/(\S+)\.yaml: *- /, '$1 ')).sort()).toEqual([...(etcd ? ['etcd --max-request-bytes=2000000'] : []), 'kube-apiserver --event-ttl=2h']);
    expect(before.flags.split('\n').filter((line) => !flags().includes(line))).toEqual([]);
    expect(ready()).toBe('ok');
    expect(lab.on(leader, 'openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName')).toContain('api.example.com');
    expect(kept('kubeadm-config')).toContain('event-ttl');
    expect(kept('kube-proxy')).toContain('metricsBindAddress: 127.0.0.1:10249');
    for (const host of lab.hosts) expect(lab.on(host, 'curl -fs http://127.0.0.1:10249/configz')).toMatch(/"maxPerCore":0\b/i);
  }, 1_000_000);

  test('Nodes that somebody has deleted come back with the next apply, with role, label, taint and their ranges of pods; nobody joins, and the static pods run on', async () => {
    const calls = `for pid in $(pgrep -x etcd; pgrep -x kube-apiserver); do echo "$pid"; done`;
    const seen = (): string => lab.on(leader, `${kubectl} get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDR} {.metadata.labels} {.spec.taints}{"\\n"}{end}'`);
    const before = { nodes: seen(), processes: lab.on(leader, calls) };
    for (const host of lab.hosts) lab.countKubeadm(host);
    lab.on(leader, `${kubectl} delete node --all`);
    const plan = await home.run(['plan', '-f', file(...changed, marked())]);
    expect(plan.stdout).toMatch(new RegExp(`Join\\n +${leader} .*Node is gone.*\\n +${worker} .*Node is gone`));
    ended(await apply(...changed, marked()), 0);
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready']);
    expect(seen()).toBe(before.nodes);
    expect(lab.on(leader, calls)).toBe(before.processes);
    expect(lab.hosts.flatMap((host) => lab.kubeadmCalls(host))).toEqual([]);
  }, 400_000);

  test('the same again is nothing to do, and no drift', async () => {
    const [before, running] = [changes().length, kubelets()];
    ended(await apply(...changed, marked()), 0);
    expect(changes().slice(before)).toEqual([]);
    expect(kubelets()).toEqual(running);
    const drift = await home.run(['drift', name]);
    expect(`${drift.stdout}${drift.stderr}`).not.toMatch(/manifests\/(etcd|kube-)/);
  }, 360_000);

  test('a value that the kubelet refuses is taken back where it was tried first, and the operation waits', async () => {
    const ran = await apply(kubelet('evictionHard: {memory.available: "200%"}'), ...changed.slice(1), marked());
    ended(ran, 3);
    expect(ran.stdout).toMatch(new RegExp(`Settings ${leader} kubelet: .*former kubelet settings again.*200%`, 's'));
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready']);
    expect(pods()).toEqual(['57', '57']);
    for (const host of lab.hosts) expect(lab.on(host, 'cat /var/lib/kubelet/config.yaml')).toContain('maxPods: 57');
    expect(kept('kubelet-config')).not.toContain('200%');
    await cancelled();
  }, 480_000);

  test('an argument that the API server does not know is taken back, with its own words; the API serves on', async () => {
    const before = flags();
    const ran = await apply(changed[0]!, cluster('apiServer: {extraArgs: [{name: event-ttl, value: 2h}, {name: no-such-flag, value: "1"}], certSANs: [api.example.com]}'), changed[2]!, marked());
    ended(ran, 3);
    expect(`${ran.stdout}${ran.stderr}`).toMatch(/former settings[^]*unknown flag: --no-such-flag/);
    expect(flags()).toBe(before);
    expect(ready()).toBe('ok');
    expect(kept('kubeadm-config')).not.toContain('no-such-flag');
    await cancelled();
  }, 1_000_000);

  test('without the kubelet document its default counts again, without label and taint the Node has none; snapshots come by the schedule', async () => {
    ended(await apply(...changed.slice(1), policy('{snapshots: {every: 5s}}')), 0);
    expect(lab.on(leader, `${kubectl} get nodes -o 'jsonpath={.items[*].metadata.labels}{.items[*].metadata.annotations}{.items[*].spec.taints}'`)).not.toMatch(/keelson\.dev|disk/);
    await eventually('the capacity of both Nodes', () => pods().every((count) => count === '110'));
    for (const host of lab.hosts) expect(lab.on(host, 'cat /var/lib/kubelet/config.yaml; ls /var/lib/keelson/settings/kubelet')).not.toMatch(/maxPods|200%|saved|before/);
    const newest = await eventually('a snapshot by the schedule', async () => /"message": *"(\S+-scheduled\.db): /.exec((await home.run(['status', name, '--json'])).stdout)?.[1]);
    expect(lab.on(leader, 'ls /var/lib/keelson/snapshots')).toContain(newest);
  }, 360_000);
});
