import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home, images, Lab, type Ran, scenario } from './harness';

/** Addresses of the lab's network that no host has. */
const nobody = 99;
const second = 212;

/**
 * What people get wrong, and what is wrong with their machines: each is found before anything is changed (no file of any
 * host is new), with exit code 2, and says what, where, and what to do.
 */
scenario('bad input is refused before anything is changed', () => {
  const lab = new Lab('e2e-bad');
  const home = new Home();
  const scratch = mkdtempSync(join(tmpdir(), 'keelson-bad-'));
  const good = images('kubernetes', 'flannel');
  let [a, b, c] = ['', '', ''];
  let clusters = 0;
  const byKey = () => ['--pk', lab.key];
  const beside = (last: number) => a.replace(/\d+$/, String(last));
  const file = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text, { mode: 0o600 });
    return join(scratch, name);
  };

  beforeAll(async () => {
    [a = '', b = '', c = ''] = lab.up(3);
    expect((await home.run(['local', 'start'])).code).toBe(0);
  }, 600_000);
  afterAll(async () => {
    await home.close();
    lab.down();
    rmSync(scratch, { recursive: true, force: true });
  }, 360_000);

  /** Runs a command that must be refused for the given reasons and leave every host as it was. */
  async function refused(args: readonly string[], reasons: readonly (string | RegExp)[], options: Parameters<Home['run']>[1] = {}): Promise<Ran> {
    for (const host of lab.hosts) lab.on(host, 'touch /tmp/before; sleep 0.01');
    const ran = await home.run(args, options);
    const said = ran.stdout + ran.stderr;
    expect({ code: ran.code, said }).toMatchObject({ code: 2 });
    for (const reason of reasons) expect(said).toMatch(reason);
    expect(lab.hosts.flatMap((host) => changedSince(host).map((path) => `${host} ${path}`))).toEqual([]);
    return ran;
  }

  const run = (args: readonly string[], reasons: readonly (string | RegExp)[], options: Parameters<Home['run']>[1] = {}): Promise<Ran> => {
    clusters += 1;
    return refused(['run', ...args, '--cluster', `bad-${clusters}`, '--yes'], reasons, options).then((ran) => {
      expect(home.journal(`bad-${clusters}`).filter(({ changes }) => changes)).toEqual([]);
      return ran;
    });
  };

  /** Files that are new or altered, but for those that any login leaves. Data folders are file systems of their own. */
  function changedSince(host: string): string[] {
    const left = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/log', '/var/lib/systemd', '/var/lib/sudo'].map((path) => `-path ${path}`).join(' -o ');
    const data = ['containerd', 'kubelet', 'etcd', 'sealos'].map((name) => `/var/lib/${name}`).join(' ');
    return lab.on(host, `find / ${data} -xdev \\( ${left} \\) -prune -o -newercm /tmp/before -print`).split('\n').filter(Boolean);
  }

  /** With something wrong on a host; put right afterwards, whatever happens. */
  async function withFault<T>(host: string, fault: string, mend: string, body: () => Promise<T>): Promise<T> {
    lab.on(host, fault);
    try {
      return await body();
    } finally {
      lab.on(host, mend);
    }
  }

  describe('images', () => {
    test('that nobody has, all of them', () => run([...images('kubernetes', 'nothing'), 'localhost/keelson/kubernetes:v9', '--masters', a, ...byKey()], [
      /3 errors:|2 errors:/, 'there is no image localhost/keelson/nothing:latest', 'there is no image localhost/keelson/kubernetes:v9', /-> Check the name and tag/,
    ]), 180_000);

    test('without a Kubernetes', () => run([...images('flannel', 'web'), '--masters', a, ...byKey()], [
      'no image of type rootfs brings Kubernetes: localhost/keelson/flannel:latest is of type application', '-> name a rootfs image first',
    ]), 180_000);
  });

  describe('logging in', () => {
    const asOps = () => ['--masters', a, '--nodes', b, '--user', 'ops'];

    test('a host that does not answer', async () => {
      const { stdout } = await run([...good, '--masters', a, '--nodes', beside(nobody), ...byKey()], [
        `${beside(nobody)}: cannot reach root@${beside(nobody)}:22`, '-> check that the host is up',
      ]);
      expect(stdout).toContain(`✔ Check ${a}: done`);
    }, 180_000);

    test('a port where nothing listens', () => run([...good, '--masters', `${a}:2222`, ...byKey()], ['the connection was refused: nothing listens there', '-> check the port']), 180_000);

    test('a wrong password, said once for each host and tried once', async () => {
      const before = failedLogins();
      await run([...good, ...asOps(), '--passwd-file', file('wrong', 'not-the-password\n')], [
        `ops@${a}:22 does not let us in (tried: password`.replaceAll(/[()]/g, '\\$&'), `ops@${b}:22 does not let us in`.replaceAll('.', '\\.'), /-> check user, password and key with: ssh -p 22 ops@/,
      ].map((text) => (typeof text === 'string' ? new RegExp(text) : text)));
      expect(failedLogins() - before).toBe(1);
    }, 180_000);
    const failedLogins = (): number => Number(lab.on(a, "journalctl -q -u ssh -o cat | grep -c '^Failed password' || true"));

    test('a wrong passphrase, and one that is missing', async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'the-right-one', '-f', join(scratch, 'locked')]);
      const key = ['--masters', a, '--pk', join(scratch, 'locked')];
      await run([...good, ...key], [`the passphrase of the private key for root@${a} is wrong`, '-> give the right passphrase'], { env: { KEELSON_PK_PASSWORD: 'another' } });
      await run([...good, ...key], ['locked has a passphrase', '-> give it with --pk-passwd'], { env: { KEELSON_PK_PASSWORD: '' } });
    }, 180_000);

    test('no way to log in at all, and nobody to ask', async () => {
      const env = { HOME: scratch, XDG_CACHE_HOME: join(homedir(), '.cache'), SSH_AUTH_SOCK: '', KEELSON_SSH_PASSWORD: '' };
      await run([...good, '--masters', a], [`no way to log in to root@${a}`, /-> give --ask-passwd, --passwd-file FILE, KEELSON_SSH_PASSWORD, or a key/], { env });
      await run([...good, '--masters', a, '--ask-passwd'], ['without a terminal', '-> give --passwd-file or KEELSON_SSH_PASSWORD'], { env });
      await run([...good, '--masters', a, '--pk', join(scratch, 'nowhere')], ['nowhere does not exist', '-> name the key file']);
      await run([...good, '--masters', a, '--passwd-file', join(scratch, 'nowhere')], ['nowhere cannot be read', '-> check the path']);
    }, 180_000);

    test('a user who cannot become root: no rights, no password for sudo, a wrong one', async () => {
      await run([...good, '--masters', a, '--user', 'plain', ...byKey()], [`plain cannot become root on ${a}: it has no sudo rights`, '-> let an administrator add to /etc/sudoers.d: plain ALL='], { env: { KEELSON_SSH_PASSWORD: 'plain-lab-pass' } });
      await run([...good, ...asOps(), ...byKey()], ['sudo asks for a password, and none was given', '-> give it with --passwd'], { env: { KEELSON_SSH_PASSWORD: '' } });
      await run([...good, ...asOps(), ...byKey()], ['sudo does not take the login password', '-> give the password that sudo takes'], { env: { KEELSON_SSH_PASSWORD: 'not-the-password' } });
    }, 180_000);

    test('a host key that is another one than known_hosts has, and an unknown one where only known ones count', async () => {
      const theirs = lab.on(b, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
      mkdirSync(join(scratch, '.ssh'), { recursive: true });
      const known = file('.ssh/known_hosts', `${a} ${theirs}`);
      const env = { HOME: scratch, XDG_CACHE_HOME: join(homedir(), '.cache') };
      await run([...good, '--masters', a, ...byKey()], [`${a}:22 shows the host key SHA256:`, 'another machine, was installed anew, or somebody stands in between', `ssh-keygen -R ${a}`], { env });
      rmSync(known);
      await run([...good, '--masters', a, '--strict-host-keys', ...byKey()], [`the host key of ${a}:22 is not known`, /-> compare the fingerprint/], { env });
    }, 180_000);
  });

  describe('hosts', () => {
    test('named twice or not at all', async () => {
      await run([...good, '--masters', `${a},${a}`, '--nodes', `10.0.0.300,${b},web.example,${c}-${b}`, ...byKey()], [
        `item 2 \\("${a}"\\) repeats`, 'item 1 \\("10.0.0.300"\\) is no IP address', 'item 3 \\("web.example"\\) is no IP address', 'item 4 .* ends before it begins', '-> Write hosts as 10.0.0.1',
      ].map((text) => new RegExp(text)));
      await run([...good, '--masters', a, '--nodes', a, ...byKey()], [`${a} is there twice, once as master and once as node`, '-> Name each host once']);
      await run([...good, '--masters', '127.0.0.1', '--nodes', a, ...byKey()], ['127.0.0.1 is no address that other hosts can reach']);
    }, 180_000);

    test('that are one machine under two addresses', () => withFault(b, `ip address add ${beside(second)}/24 dev eth0`, `ip address del ${beside(second)}/24 dev eth0`, () =>
      run([...good, '--masters', a, '--nodes', `${b},${beside(second)}`, ...byKey()], [
        `${beside(second)}: it is the same machine as ${b}`, `-> leave one of ${beside(second)} and ${b}`,
      ])), 180_000);

    test('that are copies of one disk: a warning, as they are two machines', async () => {
      const mine = lab.on(b, 'cat /etc/machine-id').trim();
      await withFault(b, `echo ${lab.on(a, 'cat /etc/machine-id').trim()} >/etc/machine-id`, `echo ${mine} >/etc/machine-id`, async () => {
        const { code, stdout } = await home.run(['plan', ...good, '--masters', a, '--nodes', b, ...byKey()]);
        expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(`${b}: its machine-id is that of ${a}: one is a copy of the other\n    -> make a new one on ${b}`) as string });
      });
    }, 180_000);

    test('that belong to another cluster, of Keelson or of another tool', async () => {
      const claim = `mkdir -p /var/lib/keelson && echo '{"cluster":"prod","uid":"0000-1111"}' >/var/lib/keelson/claim.json`;
      await withFault(a, claim, 'rm -r /var/lib/keelson', () =>
        run([...good, '--masters', a, ...byKey()], [`${a}: it belongs to cluster prod (0000-1111)`.replaceAll(/[()]/g, '\\$&'), '-> take it out of the host list, or free it'].map((text) => new RegExp(text))));
      await withFault(a, 'mkdir -p /etc/kubernetes && touch /etc/kubernetes/admin.conf', 'rm -r /etc/kubernetes', () =>
        run([...good, '--masters', a, ...byKey()], [`${a}: it has a Kubernetes that Keelson did not make: /etc/kubernetes/admin.conf`, '-> .*take it down with the tool that made it'].map((text) => new RegExp(text))));
    }, 180_000);

    test('whose clock is off', () => withFault(a, slowClock, 'rm /usr/local/bin/date', () =>
      run([...good, '--masters', a, '--nodes', b, ...byKey()], [/: its clock is (119|12\d)\.\d s behind ours, 5 s are allowed/, '-> synchronise it'])), 180_000);

    test('where others use our ports', () => withFault(a, listen, 'kill $(cat /tmp/listeners)', async () => {
      const { stdout } = await run([...good, '--masters', a, '--nodes', b, ...byKey()], [`${a}: port 6443 is in use by socat`, `${a}: port 10250 is in use by socat`, '-> stop that program']);
      expect(stdout).not.toMatch(`${b}: port`);
    }), 60_000);

    test('without room', () => withFault(b, 'mount -t tmpfs -o size=300m tmpfs /var/lib/sealos', 'umount /var/lib/sealos', () =>
      run([...good, '--masters', a, '--nodes', b, ...byKey()], [/: 0\.3 GB are free in \/var\/lib\/sealos, \d+\.\d GB are needed/, '-> make room in /var/lib/sealos'])), 180_000);
  });

  describe('networks', () => {
    const networking = (pods: string, services: string): string =>
      file('networks.yaml', `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: {podSubnet: ${pods}, serviceSubnet: ${services}}\n`);

    test('of pods and services that overlap', () => run([...good, '--masters', a, ...byKey(), '--config-file', networking('10.112.0.0/12', '10.112.0.0/16')], [
      'podSubnet 10.112.0.0/12 and serviceSubnet 10.112.0.0/16 overlap', '-> Choose ranges apart',
    ]), 180_000);

    test('of pods where the hosts are', () => run([...good, '--masters', a, '--nodes', b, ...byKey(), '--config-file', networking(`${beside(0)}/24`, '10.112.0.0/16')], [
      `${a}, ${b}: its address lies in the podSubnet ${beside(0)}/24`, '-> Choose another networking.podSubnet',
    ]), 180_000);

    test('of pods where a route of a host leads', () => withFault(b, 'ip route add 100.64.7.0/24 dev eth0', 'ip route del 100.64.7.0/24', () =>
      run([...good, '--masters', a, '--nodes', b, ...byKey()], [`${b}: its route 100.64.7.0/24 dev eth0 .*overlaps the pod network 100.64.0.0/10`, '-> remove the route'].map((text) => new RegExp(text)))), 180_000);
  });

  describe('the command line and its files', () => {
    test('a flag that does not exist, a cluster that cannot be called so, files that are not there', async () => {
      await refused(['run', ...good, '--master', a], [/unknown option '--master'\n\(Did you mean --masters\?\)/]);
      await refused(['run', ...good, '--masters', a, '--cluster', 'B_1', ...byKey()], [/"B_1" is no name for a cluster/, '-> Use at most 40 small letters']);
      await refused(['apply', '-f', join(scratch, 'nowhere.yaml')], ['nowhere.yaml does not exist', '-> check the path']);
      await refused(['run', ...good, '--masters', a, '--config-file', join(scratch, 'nowhere.yaml')], ['nowhere.yaml does not exist']);
    }, 180_000);

    test('a Clusterfile with mistakes: each with its line', () => {
      const broken = file('broken.yaml', [
        'apiVersion: apps.sealos.io/v1beta1', 'kind: Cluster', 'metadata: {name: bad}', 'spec:', '  image: localhost/keelson/kubernetes', '  ssh: {port: 99999}',
        '  hosts:', `  - ips: [${a}]`, '  hots: []', '---', 'apiVersion: apps.sealos.io/v1beta1', 'kind: Config', 'metadata: {name: c}', 'spec: {strategy: replace, data: x}', '',
      ].join('\n'));
      return refused(['apply', '-f', broken, '--yes'], [
        /broken\.yaml:5: spec\.image: image must be a list/, /broken\.yaml:6: spec\.ssh\.port/, /broken\.yaml:8: spec\.hosts\.0\.roles: is missing/,
        /1 warning:\n.*broken\.yaml:9:.*spec\.hots/, /broken\.yaml:14: spec\.path: is missing/, /broken\.yaml:14: spec\.strategy/,
      ]);
    }, 180_000);

    test('a Clusterfile whose networks, roles and keys are wrong: one report', () => {
      const wrong = file('wrong.yaml', [
        'apiVersion: apps.sealos.io/v1beta1', 'kind: Cluster', 'metadata: {name: wrong}', 'spec:', `  image: [${good.join(', ')}]`, '  ssh: {pk: /nowhere/one}',
        '  hosts:', `  - {ips: [${a}], roles: [master, node]}`, `  - {ips: [${b}], roles: [node], ssh: {pk: /nowhere/two}}`, '---',
        'apiVersion: kubeadm.k8s.io/v1beta4', 'kind: ClusterConfiguration', 'networking: {podSubnet: 10.112.0.0/12, serviceSubnet: 10.112.0.0/16}', '',
      ].join('\n'));
      return refused(['apply', '-f', wrong, '--yes'], [
        /wrong\.yaml:6: spec\.ssh\.pk: the private key \/nowhere\/one does not exist/, /wrong\.yaml:8 \(\S+\): the host is master and node/,
        /wrong\.yaml:9: spec\.hosts\.1\.ssh\.pk: the private key \/nowhere\/two does not exist/, /wrong\.yaml:13: ClusterConfiguration\.networking: podSubnet .* overlap/, /4 errors:/,
      ]);
    }, 180_000);

    test('an even number of control planes is a warning, said once', async () => {
      const { code, stdout } = await home.run(['plan', ...good, '--masters', `${a},${b}`, ...byKey()]);
      expect({ code, stdout }).toMatchObject({ code: 0 });
      expect(stdout.match(/control planes survive/g)).toHaveLength(1);
      expect(stdout).toMatch(/1 warning:\n {2}spec\.hosts: 2 control planes survive no more failures than 1.*\n {4}-> Use 1 or 3 control planes\./);
      expect(stdout).toMatch(/Init\n/);
    }, 180_000);
  });

  test('all of it at once is one report', () =>
    withFault(a, `${slowClock}mount -t tmpfs -o size=300m tmpfs /var/lib/sealos; ${listen}`, 'rm /usr/local/bin/date; umount /var/lib/sealos; kill $(cat /tmp/listeners)', () =>
      withFault(b, `ip address add ${beside(second)}/24 dev eth0; mkdir -p /var/lib/keelson; echo '{"cluster":"prod","uid":"0000-1111"}' >/var/lib/keelson/claim.json`, `ip address del ${beside(second)}/24 dev eth0; rm -r /var/lib/keelson`, async () => {
        const all = file('all.yaml', `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: all}
spec:
  image: [${images('kubernetes', 'nothing').join(', ')}]
  ssh: {user: root, pk: ${lab.key}}
  hosts:
  - {ips: [${a}, ${b}], roles: [master]}
  - {ips: [${beside(second)}, ${beside(nobody)}], roles: [node]}
  - {ips: [${c}], roles: [node], ssh: {user: plain}}
`);
        const { stdout } = await refused(['apply', '-f', all, '--yes'], [
          /failed after .*: 9 errors:/, 'there is no image localhost/keelson/nothing:latest', `${a}: its clock is`, `${a}: port 6443 is in use`, `${a}: port 10250 is in use`,
          `${a}: 0.3 GB are free`, `${b}, ${beside(second)}: it belongs to cluster prod`, `${beside(second)}: it is the same machine as ${b}`,
          `${beside(nobody)}: cannot reach`, `${c}: plain cannot become root on ${c}`, /1 warning:\n {2}spec\.hosts: 2 control planes/,
        ]);
        const report = stdout.slice(stdout.indexOf('9 errors:'));
        expect(report.match(/^ {4}-> /gm)).toHaveLength(10);
        expect(home.journal('all').filter(({ changes }) => changes)).toEqual([]);
      })), 270_000);
});

/** Two minutes behind, for those who find programs by PATH: the clock itself is the machine's. */
const slowClock = `cat >/usr/local/bin/date <<'DATE' && chmod 755 /usr/local/bin/date
#!/bin/bash
[ "$1" = +%s%N ] && exec echo $(($(/bin/date +%s%N) - 120000000000))
exec /bin/date "$@"
DATE
`;

/** Listeners on two ports of Kubernetes; their pids are in a file. */
const listen = 'for port in 6443 10250; do socat TCP-LISTEN:$port,fork,reuseaddr SYSTEM:true >/dev/null 2>&1 & echo $!; done >/tmp/listeners; for port in 6443 10250; do until ss -Hltn "sport = :$port" | grep -q .; do sleep 0.05; done; done';
