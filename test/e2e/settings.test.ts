import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, Home, images, Lab, type Ran, scenario } from './harness';

const name = 'settings';
const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';

/** The KubeletConfiguration of a running cluster changes, on one control plane and one worker, as real kubelets and kubeadm take it. */
scenario('changed settings of the kubelet reach what runs', () => {
  const lab = new Lab('e2e-settings');
  const home = new Home();
  let [leader, worker] = ['', ''];

  /** The Clusterfile with a KubeletConfiguration that says so. */
  const file = (said: string): string => {
    const path = join(home.dir, 'Clusterfile');
    writeFileSync(path, `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: ${name}}
spec:
  image: [${images('kubernetes', 'flannel').join(', ')}]
  hosts:
    - {ips: ["${leader}:22"], roles: [master, amd64]}
    - {ips: ["${worker}:22"], roles: [node, amd64]}
  ssh: {user: root, pk: ${lab.key}}
${said ? `---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${said}\n` : ''}`);
    return path;
  };
  const apply = (said: string) => home.run(['apply', '-f', file(said), '--yes'], { timeoutMs: 240_000 });
  const ended = ({ code, stdout, stderr }: Ran, wanted: number): void => expect([code, code === wanted ? '' : (stdout + stderr).slice(-3_000)]).toEqual([wanted, '']);
  const pods = (): string[] => lab.on(leader, `${kubectl} get nodes -o 'jsonpath={range .items[*]}{.status.capacity.pods} {end}'`).trim().split(' ');
  const kubelets = (): string[] => lab.hosts.map((host) => lab.on(host, 'systemctl show kubelet -p MainPID --value').trim());
  const changesSince = (from: number) => home.journal(name).filter(({ changes }) => changes).slice(from);
  const changesNow = (): number => home.journal(name).filter(({ changes }) => changes).length;

  beforeAll(async () => {
    [leader = '', worker = ''] = lab.up(2);
    const ran = await apply('');
    ended(ran, 0);
  }, 300_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 120_000);

  test('a host without a mark is compared, and its kubelet goes on as it is', async () => {
    const before = kubelets();
    for (const host of lab.hosts) lab.on(host, 'rm /var/lib/keelson/done/settings-kubelet:*');
    const ran = await apply('');
    ended(ran, 0);
    expect(kubelets()).toEqual(before);
    for (const host of lab.hosts) expect(lab.on(host, 'ls /var/lib/keelson/done')).toContain('settings-kubelet:');
  }, 120_000);

  test('another number of pods is what both Nodes report; the same again is nothing to do', async () => {
    const before = kubelets();
    const ran = await apply('maxPods: 57');
    ended(ran, 0);
    await eventually('the capacity of both Nodes', () => pods().every((count) => count === '57'));
    expect(lab.on(leader, `${kubectl} -n kube-system get configmap kubelet-config -o 'jsonpath={.data.kubelet}'`)).toContain('maxPods: 57');
    kubelets().forEach((pid, at) => expect(pid).not.toBe(before[at]));

    const [done, running] = [changesNow(), kubelets()];
    expect((await apply('maxPods: 57')).code).toBe(0);
    expect(changesSince(done).filter(({ stage }) => stage !== 'SaveState')).toEqual([]);
    expect(kubelets()).toEqual(running);
  }, 180_000);

  test('with a value that the kubelet refuses it is taken back where it was tried first, and the operation waits', async () => {
    const ran = await apply('evictionHard: {memory.available: "200%"}');
    ended(ran, 3);
    expect(ran.stdout).toMatch(new RegExp(`Settings ${leader} kubelet: .*former kubelet settings again.*200%`, 's'));
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready']);
    expect(pods()).toEqual(['57', '57']);
    for (const host of lab.hosts) expect(lab.on(host, 'cat /var/lib/kubelet/config.yaml')).toContain('maxPods: 57');
    expect(lab.on(leader, `${kubectl} -n kube-system get configmap kubelet-config -o 'jsonpath={.data.kubelet}'`)).not.toContain('200%');
  }, 240_000);

  test('the first Clusterfile ends well, and the default counts again', async () => {
    await home.run(['cancel', name, '--yes']);
    // Until a cancelled operation has ended, an apply is refused.
    await home.run(['watch', name]);
    const ran = await apply('');
    ended(ran, 0);
    await eventually('the capacity of both Nodes', () => pods().every((count) => count === '110'));
    for (const host of lab.hosts) expect(lab.on(host, 'cat /var/lib/kubelet/config.yaml; ls /var/lib/keelson/settings/kubelet')).not.toMatch(/maxPods|200%|saved|before/);
  }, 180_000);
});
