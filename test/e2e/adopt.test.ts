import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, Home, images, Lab, scenario } from './harness';

/** What survives the loss of everything but the hosts, and what a hand changed behind our back: one cluster, several lives. */
scenario('a cluster outlives its Temporal server, its key and its tool', () => {
  const lab = new Lab('e2e-adopt');
  const home = new Home();
  const other = new Home();
  let leader = '';
  let worker = '';
  let spare = '';
  let file = '';
  const clusterfile = (nodes: string[]) => `# kept by ana; ask before changing
apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: lasting}
spec:
  image: [${images('kubernetes', 'flannel').join(', ')}]
  ssh: {pk: ${lab.key}}
  hosts:
  - ips: ['${leader}:22']   # the old rack
    roles: [master]
  - ips: [${nodes.map((node) => `'${node}:22'`).join(', ')}]
    roles: [node]
  env: [SOME_TOKEN=hush-4711]
`;
  /** The server's database is gone, as after the loss of its disk. */
  const loseServer = async (of: Home): Promise<void> => {
    await of.run(['local', 'stop']);
    for (const name of readdirSync(of.dir)) if (name.startsWith('temporal.db')) rmSync(join(of.dir, name));
  };

  beforeAll(() => {
    [leader = '', worker = '', spare = ''] = lab.up(3);
    file = join(home.dir, 'Clusterfile');
    writeFileSync(file, clusterfile([worker]));
  }, 600_000);
  afterAll(async () => {
    await other.close();
    await home.close();
    lab.down();
  }, 360_000);

  test('every control plane holds a copy of the state that only root reads, without a secret in clear', async () => {
    const ran = await home.run(['apply', '-f', file, '--yes']);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    const copy = await eventually('the copy', () => lab.on(leader, 'cat /var/lib/keelson/state.json', { check: false }) || undefined, 40_000);
    expect(lab.on(leader, 'stat -c %a /var/lib/keelson/state.json').trim()).toBe('600');
    expect(JSON.parse(copy)).toMatchObject({ name: 'lasting', current: { created: true } });
    expect(copy).not.toMatch(/hush-4711|PRIVATE KEY/);
    expect(lab.on(worker, 'ls /var/lib/keelson/state.json 2>/dev/null || true')).toBe('');
  }, 600_000);

  test('status, why, history and clusterfile tell what is and what was, of a dead host too', async () => {
    lab.podman('pause', worker);
    const dead = await home.run(['status', 'lasting', '--json']);
    lab.podman('unpause', worker);
    const told = JSON.parse(dead.stdout) as { hosts: { id: string; state: string; version?: string }[]; lookedAt?: string };
    expect(told.hosts).toEqual([expect.objectContaining({ id: leader, state: 'ready' }), expect.objectContaining({ id: worker, state: 'unreachable' })]);
    // Eight for the dead one; the rest is for a machine that has other things to do.
    expect(dead.seconds).toBeLessThan(45);
    expect((await home.run(['why', 'lasting'])).stdout).toMatch(/nothing: it is ready/);
    expect((await home.run(['history', 'lasting', '--operation', 'init-1'])).stdout).toMatch(new RegExp(`Join on worker ${worker}.*done.*1 attempt`));
    expect((await home.run(['clusterfile', 'lasting'])).stdout).toBe(clusterfile([worker]));
  }, 270_000);

  test('drift names host, file and line of what a hand has changed, and the flag; then it is gone again', async () => {
    const clean = await home.run(['drift', 'lasting']);
    expect({ code: clean.code, stdout: clean.stdout }).toMatchObject({ code: 0 });
    const note = '/var/lib/sealos/data/lasting/rootfs/etc/kubeadm.yml';
    const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml';
    lab.on(leader, `cp -p ${note} /root/note; sed -i '3s/$/ # by hand/' ${note}; cp -p ${manifest} /root/manifest; sed -i 's/--leader-elect=true/--leader-elect=false/' ${manifest}`);
    const line = Number(lab.on(leader, `grep -n leader-elect ${manifest} | cut -d: -f1`));
    const drifted = await home.run(['drift', 'lasting', '--json']);
    lab.on(leader, `cp -p /root/note ${note}; cp -p /root/manifest ${manifest}`);
    expect({ code: drifted.code, stderr: drifted.stderr }).toMatchObject({ code: 10 });
    const { differences } = JSON.parse(drifted.stdout) as { differences: object[] };
    expect(differences).toEqual(expect.arrayContaining([
      expect.objectContaining({ host: leader, kind: 'file', file: note, line: 3 }),
      expect.objectContaining({ host: leader, kind: 'flag', file: manifest, flag: 'leader-elect', line }),
    ]));
    expect(differences).toHaveLength(2);
    expect((await home.run(['why', 'lasting'])).stdout).toMatch(/not what was applied/);
  }, 270_000);

  test('with the database of Temporal deleted, adopt takes the cluster over, and plan says nothing to do', async () => {
    await loseServer(home);
    expect((await home.run(['status', 'lasting'])).code).not.toBe(0);
    const adopted = await home.run(['adopt', '--masters', leader, '--pk', lab.key, '--yes']);
    expect({ code: adopted.code, stderr: adopted.stderr, stdout: adopted.stdout }).toMatchObject({ code: 0 });
    expect(adopted.stdout).toMatch(/nothing has to be written on the hosts/);
    const plan = await home.run(['plan', '-f', file, '--exit-code']);
    expect({ code: plan.code, stdout: plan.stdout }).toMatchObject({ code: 0 });
    expect((await home.run(['clusterfile', 'lasting'])).stdout).toBe(clusterfile([worker]));
    expect((await home.run(['adopt', '--masters', leader, '--pk', lab.key, '--yes'])).code).toBe(4);
  }, 360_000);

  test('with the key lost as well, new credentials do', async () => {
    const without = await other.run(['adopt', '--masters', leader, '--pk', lab.key, '--yes']);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringMatching(/SOME_TOKEN/) as string });
    const adopted = await other.run(['adopt', '--masters', leader, '--pk', lab.key, '--env', 'SOME_TOKEN=hush-4711', '--yes']);
    expect({ code: adopted.code, stderr: adopted.stderr, stdout: adopted.stdout }).toMatchObject({ code: 0 });
    const plan = await other.run(['plan', '-f', file, '--exit-code']);
    expect({ code: plan.code, stdout: plan.stdout }).toMatchObject({ code: 0 });
    await loseServer(other);
  }, 360_000);

  test('one that sealos made is recognised by its hosts: nothing to do, and an added worker joins', async () => {
    await loseServer(home);
    // Nothing of ours is left but what sealos would leave too.
    for (const host of [leader, worker]) lab.on(host, 'rm -rf /var/lib/keelson /var/lib/sealos/data/lasting/.keelson');
    const seen = await home.run(['adopt', '--clusterfile', file, '--dry-run']);
    expect({ code: seen.code, stdout: seen.stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/nothing to do/) as string });
    expect(lab.on(leader, 'ls /var/lib/keelson/claim.json 2>/dev/null || true')).toBe('');
    const adopted = await home.run(['adopt', '--clusterfile', file, '--yes']);
    expect({ code: adopted.code, stderr: adopted.stderr, stdout: adopted.stdout }).toMatchObject({ code: 0 });
    const plan = await home.run(['plan', '-f', file, '--exit-code']);
    expect({ code: plan.code, stdout: plan.stdout }).toMatchObject({ code: 0 });

    writeFileSync(file, clusterfile([worker, spare]));
    const grown = await home.run(['apply', '-f', file, '--yes']);
    expect({ code: grown.code, stderr: grown.stderr }).toMatchObject({ code: 0 });
    expect(Object.values(lab.nodes(leader))).toEqual(['Ready', 'Ready', 'Ready']);
  }, 600_000);
});
