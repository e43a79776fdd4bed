import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Home, images, Lab, scenario } from './harness';

const name = 'settled';
const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';

/** What a person changes in the Clusterfile of a cluster that runs: of the control plane, of kube-proxy, and what cannot be changed. */
scenario('changed settings of the control plane and of kube-proxy', () => {
  const lab = new Lab('e2e-settled');
  const home = new Home();
  let [leader, worker] = ['', ''];

  const file = (...documents: string[]): string => {
    const path = join(home.dir, 'Clusterfile');
    const cluster = `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: ${name}}
spec:
  image: [${images('kubernetes', 'flannel').join(', ')}]
  ssh: {pk: ${lab.key}}
  hosts:
  - {ips: [${leader}], roles: [master]}
  - {ips: [${worker}], roles: [node]}
`;
    writeFileSync(path, [cluster, ...documents].join('---\n'));
    return path;
  };
  const argument = (flag: string, value: string): string => `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {extraArgs: [{name: ${flag}, value: "${value}"}]}\n`;
  const apply = (...documents: string[]) => home.run(['apply', '-f', file(...documents), '--yes'], { timeoutMs: 600_000 });
  const flags = (): string => lab.on(leader, `grep -- ' - --' /etc/kubernetes/manifests/*.yaml`);
  const ready = (): string => lab.on(leader, `${kubectl} get --raw=/readyz`).trim();
  const stories = (): string[] => home.journal(name).filter(({ changes }) => changes).map(({ operation }) => operation);

  beforeAll(async () => {
    [leader = '', worker = ''] = lab.up(2);
    const ran = await apply();
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
  }, 400_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 120_000);

  test('another network is refused, with the value that runs; nothing is begun', async () => {
    const before = { flags: flags(), stories: stories() };
    const ran = await apply('apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: {podSubnet: 10.50.0.0/16, serviceSubnet: 10.96.0.0/22}\n');
    expect(ran).toMatchObject({ code: 4, stderr: expect.stringContaining('podSubnet is 100.64.0.0/10 in the cluster that runs and cannot become 10.50.0.0/16') as string });
    expect(ran.stderr).not.toContain('serviceSubnet is');
    expect({ flags: flags(), stories: stories() }).toEqual(before);
  }, 60_000);

  test('an argument of the API server, one of etcd, a name, and a setting of kube-proxy reach what runs', async () => {
    const before = flags();
    const ran = await apply(
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {extraArgs: [{name: event-ttl, value: 2h}], certSANs: [api.example.com]}\netcd: {local: {extraArgs: [{name: max-request-bytes, value: "2000000"}]}}\n',
      'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nconntrack: {maxPerCore: 0}\nmetricsBindAddress: 127.0.0.1:10249\n',
    );
    expect(ran.code === 0 || ran.stdout + ran.stderr).toBe(true);
    const added = flags().split('\n').filter((line) => !before.includes(line));
    expect(added.map((line) => line.replace(/^\S+manifests\/(\S+)\.yaml: *- /, '$1 ')).sort()).toEqual(['etcd --max-request-bytes=2000000', 'kube-apiserver --event-ttl=2h']);
    expect(before.split('\n').filter((line) => !flags().includes(line))).toEqual([]);
    expect(ready()).toBe('ok');
    expect(lab.on(leader, `openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`)).toContain('api.example.com');
    expect(lab.on(leader, `${kubectl} -n kube-system get configmap kubeadm-config -o yaml`)).toContain('event-ttl');
    expect(lab.on(leader, `${kubectl} -n kube-system get configmap kube-proxy -o yaml`)).toContain('metricsBindAddress: 127.0.0.1:10249');
    for (const host of [leader, worker]) expect(lab.on(host, `curl -fs http://127.0.0.1:10249/configz`)).toMatch(/"maxPerCore":0\b/i);

    const again = await home.run(['plan', '-f', join(home.dir, 'Clusterfile')]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') as string });
    const drift = await home.run(['drift', name]);
    expect(`${drift.stdout}${drift.stderr}`).not.toMatch(/manifests\/(etcd|kube-)/);
  }, 400_000);

  test('an argument that the API server does not know is taken back, with its own words; the API serves on', async () => {
    const before = flags();
    const ran = await apply(argument('no-such-flag', '1'));
    expect(ran.code).toBe(3);
    expect(`${ran.stdout}${ran.stderr}`).toMatch(/former settings[^]*unknown flag: --no-such-flag/);
    expect(flags()).toBe(before);
    expect(ready()).toBe('ok');
    expect(lab.on(leader, `${kubectl} -n kube-system get configmap kubeadm-config -o yaml`)).not.toContain('no-such-flag');
    expect((await home.run(['cancel', name])).code).toBe(0);
  }, 500_000);
});
