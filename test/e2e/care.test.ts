import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expireCertificates } from './expire-certificates';
import { eventually, Home, images, Lab, scenario } from './harness';

const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=10s';
const served = 'openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName';

scenario('a cluster that is looked after', () => {
  const lab = new Lab('e2e-care');
  const home = new Home();
  let host = '';

  beforeAll(async () => {
    host = lab.up(1)[0]!;
    const ran = await home.run(['run', ...images('kubernetes', 'flannel'), '--cluster', 'care', '--masters', host, '--pk', lab.key, '--yes']);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  }, 800_000);
  afterAll(async () => {
    await home.close();
    lab.down();
  }, 360_000);

  test('a command runs on the host: its output bears the host, its exit code is its own, its text is nowhere', async () => {
    const ran = await home.run(['exec', 'care', 'echo "token is Geheim-4711" | tr a-z A-Z; exit 7']);
    expect(ran).toMatchObject({ code: 7, stdout: `${host}\tTOKEN IS GEHEIM-4711\n` });
    expect(await home.run(['exec', '-c', 'care', '--roles', 'master', 'echo one', 'echo two'])).toMatchObject({ code: 0, stdout: `${host}\tone\n${host}\ttwo\n` });
    expect(await home.run(['exec', 'care', '--hosts', '10.9.9.9', 'true'])).toMatchObject({ code: 2, stdout: '' });
    expect(await home.run(['exec', 'nobody', 'true'])).toMatchObject({ code: 2, stdout: '' });
    const journal = readdirSync(join(home.dir, 'journal', 'care')).map((file) => readFileSync(join(home.dir, 'journal', 'care', file), 'utf8')).join('');
    expect(journal).toContain('a command of keelson exec');
    expect(journal + readFileSync(join(home.dir, 'temporal.db'), 'latin1')).not.toContain('Geheim-4711');
  }, 180_000);

  test('Ctrl-C ends the command on the host', async () => {
    const { child, ended, output } = home.start(['exec', 'care', 'echo begun; sleep 98765']);
    await eventually('the command runs', () => output().includes('begun'), 120_000);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130 });
    expect(lab.on(host, 'ps -eo args | grep -c "[s]leep 98765" || true')).toBe('0\n');
  }, 180_000);

  test('a folder is copied to the host', async () => {
    const folder = join(home.dir, 'copy', 'deep');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'script.sh'), 'echo copied\n', { mode: 0o755 });
    expect(await home.run(['scp', 'care', join(home.dir, 'copy'), '/opt/copy'])).toMatchObject({ code: 0 });
    expect(lab.on(host, '/opt/copy/deep/script.sh')).toBe('copied\n');
    expect(await home.run(['scp', 'care', join(home.dir, 'not there'), '/opt/copy'])).toMatchObject({ code: 2 });
  }, 180_000);

  test('the API server shows another name, and the next plan has nothing to do', async () => {
    const ran = await home.run(['cert', 'care', '--alt-names', 'api.example.com,10.9.8.7']);
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0 });
    expect(lab.on(host, served)).toMatch(/DNS:api\.example\.com[^]*IP Address:10\.9\.8\.7/);
    expect(lab.on(host, `${kubectl} -n kube-system get configmap kubeadm-config -o yaml`)).toContain('api.example.com');
    const plan = await home.run(['plan', ...images('kubernetes', 'flannel'), '--cluster', 'care', '--masters', host, '--exit-code']);
    expect({ code: plan.code, out: plan.stdout }).toMatchObject({ code: 0 });
  }, 480_000);

  test('a restore takes the cluster back to the snapshot', async () => {
    const file = join(home.dir, 'care.db');
    lab.on(host, `${kubectl} create configmap before --from-literal=a=b`);
    const saved = await home.run(['etcd', 'save', 'care', '-o', file]);
    expect({ code: saved.code, out: saved.stdout + saved.stderr }).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lab.on(host, 'stat -c %a /var/lib/keelson/snapshots /var/lib/keelson/snapshots/*')).toBe('700\n600\n');
    lab.on(host, `${kubectl} create configmap after --from-literal=a=b`);

    // Without a terminal nobody can be asked, and nothing is done.
    expect(await home.run(['etcd', 'restore', 'care', file])).toMatchObject({ code: 2 });
    writeFileSync(join(home.dir, 'bad.db'), 'no snapshot');
    expect((await home.run(['etcd', 'restore', 'care', join(home.dir, 'bad.db'), '--yes'])).code).not.toBe(0);
    expect(lab.on(host, `${kubectl} get configmap after -o name`)).toBe('configmap/after\n');
    expect(lab.on(host, 'ls /var/lib/keelson/snapshots | wc -l')).toBe('1\n');

    const ran = await home.run(['etcd', 'restore', 'care', file, '--yes']);
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0 });
    expect(lab.on(host, `${kubectl} get configmap before after -o name`, { check: false })).toBe('configmap/before\n');
    await eventually('the node is Ready', () => Object.values(lab.nodes(host)).join() === 'Ready', 120_000);
    expect(lab.on(host, 'ls -A /var/lib/etcd; ls /var/lib/keelson/restore 2>/dev/null || true')).toBe('member\n');
    // What is made from now on is seen: nobody takes an old revision for a new one.
    lab.on(host, `${kubectl} create deployment late --image=sealos.hub:5000/pause:3.10.1`);
    await eventually('the controllers work', () => lab.on(host, `${kubectl} get pods -l app=late --no-headers`).includes('Running'), 120_000);
  }, 960_000);

  test('certificates that have expired are told, and renewed', async () => {
    lab.on(host, expireCertificates);
    await eventually('the API is gone', () => lab.on(host, `${kubectl} get nodes 2>/dev/null`, { check: false }) === '', 60_000);
    expect((await home.run(['status', 'care'])).stdout).toMatch(/Certificates: EXPIRED since 2021-01-01/);
    const ran = await home.run(['cert', 'care', '--renew']);
    expect({ code: ran.code, out: ran.stdout + ran.stderr }).toMatchObject({ code: 0 });
    await eventually('the node is Ready', () => Object.values(lab.nodes(host)).join() === 'Ready', 120_000);
    expect((await home.run(['status', 'care'])).stdout).toMatch(/Certificates: the first one expires 2[0-9]{3}-/);
    expect(lab.on(host, served)).toContain('api.example.com');
    expect(existsSync(join(home.dir, 'care.db'))).toBe(true);
  }, 960_000);
});
