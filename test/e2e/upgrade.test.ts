import { recordFigure } from '../record';
import { eventually, Home, images, Lab, scenario } from './harness';

const name = 'upgrade';
const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
const former = 'localhost/keelson/kubernetes:v1.33.13';
const newer = 'localhost/keelson/kubernetes:v1.34.2';

/**
 * One minor version up, on one control plane and two workers that serve an application: somebody asks it five times a second
 * all along. The machine of Keelson loses its power while the control plane changes, and one worker has a kubelet flag that
 * the new version does not know.
 */
scenario('Kubernetes 1.33 becomes 1.34 under an application that is in use', () => {
  const lab = new Lab('e2e-upgrade');
  const home = new Home();
  let [leader, first, second] = ['', '', ''];
  let retriedAt = '';

  const versions = (): Record<string, string> => {
    const lines = lab.on(leader, `${kubectl} get nodes -o 'jsonpath={range .items[*]}{.status.addresses[0].address} {.status.nodeInfo.kubeletVersion} {.spec.unschedulable}{"\\n"}{end}'`).trim().split('\n');
    return Object.fromEntries(lines.map((line) => line.trimEnd().split(' ')).map(([host = '', ...rest]) => [host, rest.join(' ')]));
  };
  const control = () => lab.on(leader, `sed -n 's/^ *image: //p' /etc/kubernetes/manifests/*.yaml`).trim().split('\n').sort();
  /** Commands that change a host itself: kubectl speaks to the API, wherever it is called. */
  const changesOn = (host: string, after: string) => home.journal(name)
    .filter((entry) => entry.host === host && entry.changes && entry.at > after && !/^kubectl (cordon|uncordon|drain) /.test(entry.title)).map(({ title }) => title);

  beforeAll(async () => {
    [leader = '', first = '', second = ''] = lab.up(3);
    const ran = await home.run(['run', former, ...images('flannel', 'web'), '--cluster', name, '--masters', leader, '--nodes', `${first},${second}`, '--pk', lab.key, '--yes']);
    expect({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ code: 0 });
    await eventually('both replicas', () => lab.on(leader, `${kubectl} -n web get deployment web -o 'jsonpath={.status.readyReplicas}'`) === '2');
    const service = lab.on(leader, `${kubectl} -n web get service web -o 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}'`);
    lab.on(leader, `cat >/root/probe && systemd-run --quiet --unit probe bash /root/probe`, {
      // A request that fails is told with what the cluster knew of the pods then.
      input: `while :; do
  at=$(date +%T.%N)
  curl -fsS -o /dev/null --max-time 5 http://${service}/ 2>>/root/probe-errors || {
    echo "$at" >>/root/probe-failed
    { echo "== from $at to $(date +%T.%N)"; ${kubectl} -n web get pods,endpointslices -o wide --no-headers; ${kubectl} -n kube-system get lease kube-controller-manager --no-headers; } >>/root/probe-state 2>&1
  }
  echo >>/root/probe-count
  sleep 0.2
done
`,
    });
  }, 600_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  test('the plan says what is upgraded, from what to what, and from where on there is no way back', async () => {
    const ran = await home.run(['run', newer, '--cluster', name, '--dry-run', '--json']);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    const plan = JSON.parse(ran.stdout) as { version: string; approvals: { kind: string }[]; jobs: { id: string; reason: string; from?: string; pointOfNoReturn?: string }[] };
    expect(plan.version).toBe('v1.34.2');
    expect(plan.jobs.filter(({ id, from }) => id.startsWith('Upgrade/') && from).map(({ id, reason }) => `${id}: ${reason}`))
      .toEqual([leader, first, second].map((host) => `Upgrade/${host}: v1.33.13 to v1.34.2`));
    expect(plan.jobs.filter(({ from }) => from).map(({ pointOfNoReturn }) => pointOfNoReturn)).toEqual([expect.stringContaining('static pods'), expect.stringContaining('kubelet'), expect.stringContaining('kubelet')]);
    expect(plan.approvals.map(({ kind }) => kind)).toContain('upgrade');
  }, 180_000);

  test('all of Keelson killed at once in the middle, the same command goes on at the same host; a kubelet that does not come up is taken back', async () => {
    lab.on(second, `echo 'KUBELET_EXTRA_ARGS=--feature-gates=DevicePluginCDIDevices=true' >/etc/default/kubelet`);
    const upgrade = () => home.start(['run', newer, '--cluster', name, '--yes'], { timeoutMs: 600_000 });
    const view = upgrade();
    await lab.until(leader, 'the first static pod of the new version', `grep -q 3.6.5-0 /etc/kubernetes/manifests/etcd.yaml`, 240_000);
    await home.powerOff(view);
    // Nobody is there, and kubeadm goes on.
    await lab.until(leader, 'the end of kubeadm upgrade', 'compgen -G "/var/lib/keelson/jobs/*-kubeadm-upgrade-*/exit" >/dev/null', 240_000);
    expect(lab.on(leader, 'cat /var/lib/keelson/jobs/*-kubeadm-upgrade-*/exit').trim()).toBe('0');
    const ran = await upgrade().ended;
    expect({ code: ran.code, stdout: ran.stdout }).toMatchObject({ code: 3 });
    expect(ran.stdout.slice(ran.stdout.lastIndexOf('\nparked: '))).toMatch(new RegExp(`Upgrade ${second}: .*runs v1\\.33\\.13 again.*DevicePluginCDIDevices`, 's'));

    expect(versions()).toEqual({ [leader]: 'v1.34.2', [first]: 'v1.34.2', [second]: 'v1.33.13' });
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready']);
    expect(control()).toEqual(expect.arrayContaining(['registry.k8s.io/etcd:3.6.5-0', 'registry.k8s.io/kube-apiserver:v1.34.2']));
    expect(lab.on(second, 'kubelet --version; systemctl is-active kubelet; ls /var/lib/keelson/done')).toMatch(/v1\.33\.13\nactive/);
    expect(lab.on(second, 'ls /var/lib/keelson/done')).not.toContain('upgrading');
    // One operation, one job, whoever followed it.
    expect(home.journal(name).filter(({ changes }) => changes).map(({ operation }) => operation)).not.toContain('reconcile-3');
    expect(home.journal(name).filter(({ host, title }) => host === leader && title === 'kubeadm upgrade: start')).toHaveLength(1);
    expect(lab.on(leader, 'ls -d /var/lib/keelson/jobs/*-kubeadm-upgrade-*').trim().split('\n')).toHaveLength(1);
    const jobs = home.journal(name).filter(({ title, changes }) => changes && /^(kubeadm upgrade|upgrade the kubelet): start$/.test(title)).map(({ host, title }) => `${host} ${title}`);
    // etcd was saved before, once: what took up the operation again finds it, and no later save pushes it out.
    const saved = lab.on(leader, 'stat -c %Y /var/lib/keelson/snapshots/*').trim().split('\n').map(Number);
    const began = home.journal(name).find(({ title }) => title === 'kubeadm upgrade: start')?.at ?? '';
    expect(saved).toHaveLength(1);
    expect(saved[0]! * 1_000).toBeLessThan(Date.parse(began));
    expect(jobs).toEqual([`${leader} kubeadm upgrade: start`, `${leader} upgrade the kubelet: start`, `${first} upgrade the kubelet: start`, `${second} upgrade the kubelet: start`]);
  }, 700_000);

  test('mended, retry finishes: hosts that were upgraded get no further changing command', async () => {
    retriedAt = new Date().toISOString();
    lab.on(second, 'rm /etc/default/kubelet');
    await home.run(['retry', name]);
    const ran = await home.run(['watch', name], { timeoutMs: 240_000 });
    expect({ code: ran.code, stdout: ran.stdout }).toMatchObject({ code: 0 });
    expect(versions()).toEqual({ [leader]: 'v1.34.2', [first]: 'v1.34.2', [second]: 'v1.34.2' });
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready']);
    expect(changesOn(first, retriedAt)).toEqual([]);
    // The leader serves the registry, which drops the former version's images when nobody is left who pulls them.
    expect(home.journal(name).filter(({ host, stage, changes, at, title }) => host === leader && changes && at > retriedAt && stage === 'Upgrade' && !/^kubectl /.test(title))).toEqual([]);
    for (const host of lab.hosts) expect(lab.on(host, 'ls /var/lib/keelson/done /var/lib/keelson/upgrade 2>/dev/null')).not.toMatch(/upgrading|before/);
  }, 600_000);

  test('the configuration is that of the new version, and so are the addons', () => {
    const config = lab.on(leader, `${kubectl} -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}'`);
    expect(config).toMatch(/^kubernetesVersion: v1\.34\.2$/m);
    expect(config).toMatch(/^apiVersion: kubeadm\.k8s\.io\/v1beta4$/m);
    expect(lab.on(leader, `${kubectl} -n kube-system get daemonset kube-proxy -o 'jsonpath={.spec.template.spec.containers[0].image}'`)).toMatch(/:v1\.34\.2$/);
    expect(lab.on(leader, `${kubectl} -n kube-system get deployment coredns -o 'jsonpath={.spec.template.spec.containers[0].image}'`)).toMatch(/:v1\.12\.1$/);
    for (const host of lab.hosts) expect(lab.on(host, 'grep -h sandbox /etc/containerd/config.toml')).toContain('pause:3.10.1');
  });

  test('those who used the application did not notice', () => {
    lab.on(leader, 'systemctl stop probe');
    const asked = Number(lab.on(leader, 'wc -l </root/probe-count'));
    process.stderr.write(`asked ${asked} times, lost: ${lab.on(leader, 'cat /root/probe-errors /root/probe-state 2>/dev/null || true').trim()}\n`);
    expect(asked).toBeGreaterThan(300);
    const lost = lab.on(leader, 'cat /root/probe-failed 2>/dev/null || true').split('\n').filter(Boolean);
    recordFigure('requests lost in an upgrade of 1+2', lost.length, `of ${asked}`);
    expect(lost).toEqual([]);
  });

  test('the same again is nothing to do; the former image is refused and leaves no trace', async () => {
    expect((await home.run(['run', newer, '--cluster', name, '--yes'])).code).toBe(0);
    const history = async (): Promise<string> => (await home.run(['history', name, '--json'])).stdout;
    const before = home.journal(name).filter(({ changes }) => changes).length;
    const told = await history();
    const refused = await home.run(['run', former, '--cluster', name, '--yes']);
    expect({ code: refused.code, words: refused.stdout + refused.stderr }).toMatchObject({ code: 4, words: expect.stringContaining('no way back') as string });
    expect(home.journal(name).filter(({ changes }) => changes)).toHaveLength(before);
    expect(await history()).toBe(told);
  }, 360_000);
});
