import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterSpec } from '../../domain/cluster';
import { parseClusterfile } from '../../domain/clusterfile';
import { digestOf } from '../../domain/digest';
import { newEntity, viewOf } from '../../domain/entity';
import { open } from '../../home/seal';
import { checkedClusterfile } from '../../client/checked-clusterfile';
import { clusterfileSpec } from '../../client/clusterfile-spec';
import { parseEnv } from '../../client/env-flags';
import { readHosts } from '../../client/host-flags';
import type { Login } from '../../client/logins';
import { readDocuments } from '../../client/read-documents';
import { runSpec } from '../../client/run-spec';
import type { SpecSources } from '../../client/spec';
import type { SpecFlags } from '../../client/spec-flags';
import { userSshConfig } from '../../client/user-ssh-config';

let dir: string;
const before = { ...process.env };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-spec-'));
  process.env = { ...before, KEELSON_HOME: dir, HOME: dir };
});
afterEach(() => {
  process.env = before;
  rmSync(dir, { recursive: true, force: true });
});

const quiet: SpecSources = { settings: () => ({}), knownKeys: () => [], own: [] };
const noFlags: SpecFlags = { env: [], cmd: [], configFile: [], values: [], set: [] };

/** What `keelson run` makes of its command line. */
function run(images: string[], said: Partial<SpecFlags> & { login?: Login }, more: { sources?: Partial<SpecSources>; saved?: ClusterSpec; touched?: boolean } = {}): ClusterSpec {
  const { login = {}, ...rest } = said;
  const flags = { ...noFlags, ...rest };
  const condition = { type: 'Bootstrap', status: 'True', reason: 'Done', message: '', lastTransitionTime: '' } as const;
  const entity = newEntity('prod');
  const view = viewOf(more.touched ? { ...entity, current: { ...entity.current, conditions: [condition] } } : entity);
  const input = { cluster: 'prod', images, hosts: readHosts(flags).hosts, env: parseEnv(flags.env), documents: readDocuments(flags).documents, flags, login };
  return runSpec(input, { ...quiet, ...more.sources }, { spec: more.saved, view: more.saved ? view : undefined });
}

const hostsOf = (spec: ClusterSpec): string[] => spec.hosts.map(({ id, roles }) => `${id} ${roles.join()}`);

describe('run', () => {
  test('flags become a complete spec, and no secret stands in it', () => {
    const spec = run(['kubernetes:v1.34.2', 'flannel:v1'], {
      masters: '10.0.0.1', nodes: '10.0.0.2-10.0.0.3,10.0.0.9:2222', login: { user: 'ops', password: 'Geheim-4711' },
      env: ['registryPassword=a,b=c==', 'plain=x,y=z'], cmd: ['echo one, two'],
    });
    const text = JSON.stringify(spec);
    expect(text).not.toContain('Geheim-4711');
    expect(text).not.toContain('a,b=c==');
    expect(hostsOf(spec)).toEqual(['10.0.0.1 master', '10.0.0.2 node', '10.0.0.3 node', '10.0.0.9 node']);
    expect(spec.hosts.map(({ port }) => port)).toEqual([22, 22, 22, 2222]);
    expect(Object.keys(spec.credentials)).toEqual(['ssh']);
    expect(open(spec.credentials['ssh']?.password ?? '', { cluster: 'prod', field: 'credentials/ssh/password' })).toBe('Geheim-4711');
    expect(open(spec.env[0]?.value ?? '', { cluster: 'prod', field: 'env/registryPassword' })).toBe('a,b=c==');
    expect(spec.env[1]).toEqual({ name: 'plain', value: 'x,y=z' });
    expect(spec.command).toEqual(['echo one, two']);
  });

  test('the same flags twice make the same spec, although sealing never gives the same text', () => {
    const flags = { masters: '10.0.0.1', login: { password: 'x' }, env: ['aToken=t'] };
    const first = run(['a'], flags);
    const again = run(['a'], flags, { saved: first, touched: true });
    expect(digestOf(again)).toBe(digestOf(first));
    expect(Object.keys(again.credentials)).toEqual(['ssh']);
  });

  test('on a cluster that is there images and hosts are appended, and new hosts log in as the others do', () => {
    const saved = run(['a', 'b'], { masters: '10.0.0.1', nodes: '10.0.0.2', login: { password: 'x' } });
    const spec = run(['b', 'c'], { nodes: '10.0.0.2,10.0.0.3' }, { saved, touched: true });
    expect(spec.images).toEqual(['a', 'b', 'c']);
    expect(hostsOf(spec)).toEqual(['10.0.0.1 master', '10.0.0.2 node', '10.0.0.3 node']);
    expect(new Set(spec.hosts.map(({ credential }) => credential))).toEqual(new Set(['ssh']));
    expect(spec.credentials).toEqual(saved.credentials);
  });

  test('a login in the flags counts for the hosts they name, and for all when they name none', () => {
    const saved = run(['a'], { masters: '10.0.0.1', nodes: '10.0.0.2', login: { password: 'old' } });
    const one = run(['a'], { nodes: '10.0.0.2', login: { password: 'new' } }, { saved, touched: true });
    const passwordOf = (spec: ClusterSpec, at: number): string => {
      const id = spec.hosts[at]?.credential ?? '';
      return open(spec.credentials[id]?.password ?? '', { cluster: 'prod', field: `credentials/${id}/password` });
    };
    expect([passwordOf(one, 0), passwordOf(one, 1)]).toEqual(['old', 'new']);
    const all = run(['a'], { login: { password: 'new' } }, { saved, touched: true });
    expect([passwordOf(all, 0), passwordOf(all, 1)]).toEqual(['new', 'new']);
    expect(Object.keys(all.credentials)).toHaveLength(1);
  });

  test('of a cluster that failed its checks a mistyped host does not stay', () => {
    const saved = run(['a'], { masters: '10.0.0.1', nodes: '10.0.0.99', login: { password: 'x' } });
    const again = { masters: '10.0.0.1', nodes: '10.0.0.9', login: { password: 'x' } };
    expect(hostsOf(run(['a'], again, { saved }))).toEqual(['10.0.0.1 master', '10.0.0.9 node']);
    expect(hostsOf(run(['a'], again, { saved, touched: true }))).toHaveLength(3);
  });

  test('a policy, an endpoint and node names of --config-file count on a cluster that is there too, what they leave out stays', () => {
    const saved = run(['a'], { masters: '10.0.0.1', login: { password: 'x' }, strictHostKeys: true, controlPlaneEndpoint: 'old.example.com:6443' });
    const configFile = [join(dir, 'more.yaml')];
    writeFileSync(configFile[0]!, 'apiVersion: keelson.dev/v1alpha1\nkind: Policy\nspec: {parallel: 7, controlPlaneEndpoint: "new.example.com:6443", nodeNames: {10.0.0.2: two}}\n');
    const spec = run(['a'], { nodes: '10.0.0.2', configFile }, { saved, touched: true });
    expect(spec).toMatchObject({ policy: { parallel: 7, strictHostKeys: true }, controlPlaneEndpoint: 'new.example.com:6443', hosts: [{}, { nodeName: 'two' }] });
    expect(run(['a'], { configFile, controlPlaneEndpoint: 'flag.example.com:6443' }, { saved, touched: true }).controlPlaneEndpoint).toBe('flag.example.com:6443');
    expect(run(['a'], {}, { saved: spec, touched: true })).toEqual(spec);
  });

  test('known keys and ~/.ssh/config count where the flags are silent', async () => {
    const settings = await userSshConfig('Host 10.0.0.*\n  User admin\n  Port 2200\n');
    const knownKeys = (_address: string, port: number): string[] => (port === 2200 ? ['ssh-ed25519 AAAA'] : []);
    const spec = run(['a'], { masters: '10.0.0.1', login: { password: 'x' } }, { sources: { settings, knownKeys } });
    expect(spec.hosts[0]).toMatchObject({ port: 2200, knownKeys: ['ssh-ed25519 AAAA'] });
    expect(spec.credentials['ssh']?.user).toBe('admin');
    const said = run(['a'], { masters: '10.0.0.1', port: 22, login: { user: 'root', password: 'x' } }, { sources: { settings, knownKeys } });
    expect(said.hosts[0]).not.toHaveProperty('knownKeys');
    expect(said.credentials['ssh']?.user).toBe('root');
  });

  test.each<[string, string, string | undefined]>([
    ['Host other\n  ProxyJump no\n\nHost 10.0.0.*\n  User admin\n  ProxyJump bastion\n', 'a proxy', '~/.ssh/config:6: ssh goes to 10.0.0.1 by ProxyJump bastion'],
    ['Match host 10.0.0.1\n  ProxyCommand=ssh -W %h:%p b\n', 'a command', '~/.ssh/config:2: ssh goes to 10.0.0.1 by ProxyCommand ssh -W %h:%p b'],
    ['Host 10.0.0.1\n  HostName 10.9.9.9\n', 'another address', '~/.ssh/config:2: ssh goes to 10.0.0.1 by HostName 10.9.9.9'],
    ['Host 10.0.0.9\n  ProxyJump bastion\n', 'a proxy of another host', undefined],
    ['Host 10.0.0.1\n  ProxyCommand none\nHost *\n  ProxyJump bastion\n  HostName %h\n', 'a proxy for all others', undefined],
  ])('a way to a host that ssh would take and Keelson cannot is refused by its line: %j (%s)', async (text, _what, message) => {
    const settings = await userSshConfig(text);
    const spec = () => run(['a'], { masters: '10.0.0.1', login: { password: 'x' } }, { sources: { settings } });
    if (message === undefined) expect(spec().hosts).toHaveLength(1);
    else expect(spec).toThrow(expect.objectContaining({ type: 'InvalidSpec', message: expect.stringContaining(message) as string, details: { host: '10.0.0.1', todo: expect.any(String) as string } }) as Error);
    // No SSH is needed to this machine.
    expect(run(['a'], { masters: '10.0.0.1', login: { password: 'x' } }, { sources: { settings, own: ['10.0.0.1'] } }).hosts).toHaveLength(1);
  });

  test('a key is read here and sealed; without password and key the agent serves', () => {
    const file = join(dir, 'id_test');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    const spec = run(['a'], { masters: '10.0.0.1', login: { keyFile: file } });
    expect(JSON.stringify(spec)).not.toContain('OPENSSH');
    expect(open(spec.credentials['ssh']?.privateKey ?? '', { cluster: 'prod', field: 'credentials/ssh/privateKey' })).toContain('OPENSSH PRIVATE KEY');
    expect(run(['a'], { masters: '10.0.0.1' }, { sources: { agentSocket: '/run/agent' } }).credentials['ssh']).toEqual({ user: 'root', agentSocket: '/run/agent' });
  });

  test('a key that is missing, public or locked is told apart', () => {
    const file = join(dir, 'id_test');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'word', '-f', file]);
    const using = (keyFile: string, passphrase?: string) => () => run(['a'], { masters: '10.0.0.1', login: { keyFile, ...(passphrase ? { passphrase } : {}) } });
    expect(using(join(dir, 'none'))).toThrow(/does not exist/);
    expect(using(`${file}.pub`)).toThrow(/is no private key/);
    expect(using(file)).toThrow(/has a passphrase/);
    expect(using(file, 'word')().credentials['ssh']).toHaveProperty('passphrase');
  });

  test('no way to log in is an error that names the host; this machine needs none', () => {
    expect(() => run(['a'], { masters: '10.0.0.1' })).toThrow('there is no way to log in to root@10.0.0.1');
    expect(run(['a'], { masters: '10.0.0.1' }, { sources: { own: ['10.0.0.1'] } }).credentials['ssh']).toEqual({ user: 'root' });
  });

  test('a variable without a name never repeats what it may hold', () => {
    expect(() => parseEnv(['=Geheim'])).toThrow(expect.not.objectContaining({ message: expect.stringContaining('Geheim') as string }) as Error);
  });
});

describe('apply', () => {
  const write = (text: string): string => {
    const file = join(dir, 'Clusterfile');
    writeFileSync(file, text);
    return file;
  };
  const clusterfile = `
apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: prod}
spec:
  image: [kubernetes:v1.34.2]
  ssh: {user: root, passwd: Geheim-1, port: 2222}
  env: [dbPassword=Geheim-2, color=blue]
  hosts:
    - {ips: [10.0.0.1], roles: [master, amd64]}
    - {ips: ['10.0.0.2:22'], roles: [node], ssh: {user: ops, passwd: Geheim-3}, env: [tokenOfHost=Geheim-4]}
`;
  const specOf = (text: string, said: Partial<SpecFlags> = {}, logins = { flags: {}, environment: {} }): ClusterSpec => {
    const flags = { ...noFlags, ...said };
    return clusterfileSpec(parseClusterfile(text, { file: 'Clusterfile' }).documents, { flags, logins, sources: quiet, saved: undefined });
  };

  test('a Clusterfile becomes a spec with every secret sealed for its place', () => {
    const spec = specOf(clusterfile);
    expect(JSON.stringify(spec)).not.toMatch(/Geheim/);
    expect(spec.hosts.map(({ port, credential, roles }) => [port, credential, roles])).toEqual([[2222, 'ssh', ['master', 'amd64']], [22, 'ssh-2', ['node']]]);
    expect(spec.credentials['ssh-2']?.user).toBe('ops');
    expect(open(spec.credentials['ssh-2']?.password ?? '', { cluster: 'prod', field: 'credentials/ssh-2/password' })).toBe('Geheim-3');
    expect(open(spec.hosts[1]?.env[0]?.value ?? '', { cluster: 'prod', field: 'hosts/10.0.0.2/env/tokenOfHost' })).toBe('Geheim-4');
    expect(spec.env[1]).toEqual({ name: 'color', value: 'blue' });
  });

  test('flags count before the file, the file before the environment', () => {
    const spec = specOf(clusterfile, { env: ['color=red'] }, { flags: { user: 'eve' } as Login, environment: { password: 'from-env' } as Login });
    expect(Object.values(spec.credentials).map(({ user }) => user)).toEqual(['eve', 'eve']);
    expect(open(spec.credentials['ssh']?.password ?? '', { cluster: 'prod', field: 'credentials/ssh/password' })).toBe('Geheim-1');
    expect(spec.env.find(({ name }) => name === 'color')?.value).toBe('red');
  });

  test('a file that is not there', async () => {
    await expect(checkedClusterfile(join(dir, 'none'), noFlags)).rejects.toThrow('Clusterfile');
  });

  describe('all that is wrong is one report, each with its line', () => {
    const said = async (text: string, flags: Partial<SpecFlags> = {}): Promise<string> => {
      const error: unknown = await checkedClusterfile(write(text), { ...noFlags, ...flags }).catch((one: unknown) => one);
      expect(error).toMatchObject({ type: 'InvalidSpec' });
      return (error as Error).message.replaceAll(`${dir}/`, '');
    };
    test('hosts of which none can be read are not this machine: the key is told with its line', async () => {
      const words = await said('apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: a}\nspec:\n  image: [x]\n  hosts:\n  - {ips: [10.0.0.300], roles: [master]}\n  ssh: {pk: /nope}\n');
      expect(words).toContain(':7: "10.0.0.300"');
      expect(words).toMatch(/:8: spec\.ssh\.pk: the private key \/nope does not exist/);
    });

    test('of a host whose address cannot be read: all else that is wrong with it, and nothing that would be right with an address', async () => {
      const words = await said(`apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: a}
spec:
  image: [x]
  ssh: {passwd: x}
  hosts:
  - ips: [10.0.0.300, 10.0.0.300]
    roles: [worker]
    env: [A-B=1]
  - ips: ['10.0.0.1:99999']
    roles: [master]
    ssh: {pk: /nope}
  - ips: [10.0.0.2]
    roles: [node]
`);
      for (const expected of [
        'Clusterfile:8: "10.0.0.300" is no ip or ip:port', 'Clusterfile:9 (10.0.0.300): the host is neither master nor node', 'Clusterfile:10 (10.0.0.300): "A-B" is no name of a variable',
        'Clusterfile:11: "10.0.0.1:99999" is no ip or ip:port', 'Clusterfile:13: spec.hosts.1.ssh.pk: the private key /nope does not exist',
      ]) expect(words).toContain(expected);
      expect(words).not.toMatch(/no control plane|no IP address|twice/);
      // Which login another address would have is not known.
      expect(await said('apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: a}\nspec:\n  image: [x]\n  hosts:\n  - {ips: [10.0.0.300], roles: [master]}\n')).not.toContain('log in');
    });

    const wrong = `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: Prod}
spec:
  image: [kubernetes:v1.34.2]
  ssh:
    pk: ${'DIR'}/none
  env:
  - A-B=1
  hosts:
  - ips: [10.0.0.1, 10.0.0.2]
    roles: [master, node]
  - ips:
    - 100.64.0.3
    roles: [node]
    ssh: {pk: ${'DIR'}/public}
---
apiVersion: apps.sealos.io/v1beta1
kind: Config
metadata: {name: one}
spec:
  path: ../etc/x
  data: x
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking:
  podSubnet: 10.112.0.0/12
  serviceSubnet: 10.112.0.0/16
etcd: {external: {endpoints: ['https://10.0.0.9:2379']}}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  bindPort: 7443
---
apiVersion: keelson.dev/v1alpha1
kind: Policy
spec:
  controlPlaneEndpoint: nowhere
  nodeNames:
    10.0.0.1: Upper
`;

    test('what the rules say, and the keys of all hosts', async () => {
      writeFileSync(join(dir, 'public'), 'ssh-ed25519 AAAA');
      const text = wrong.replaceAll('DIR', dir);
      const report = await said(text, { env: ['NOT', '9=8'] });
      for (const expected of [
        'Clusterfile:3: metadata.name: "Prod" is no name for a cluster', 'Clusterfile:7: spec.ssh.pk: the private key none does not exist',
        'Clusterfile:9: spec.env.A-B: "A-B" is no name of a variable', 'Clusterfile:12 (10.0.0.1), Clusterfile:12 (10.0.0.2): the host is master and node',
        'Clusterfile:16: spec.hosts.1.ssh.pk: public is no private key', 'Clusterfile:22: Config one: its path "../etc/x"',
        'Clusterfile:27: ClusterConfiguration.networking: podSubnet 10.112.0.0/12 and serviceSubnet 10.112.0.0/16 overlap',
        'Clusterfile:30: ClusterConfiguration.etcd.external: an etcd outside of the cluster is not supported',
        'Clusterfile:35: InitConfiguration.localAPIEndpoint.bindPort: the API server listens', 'Clusterfile:40: controlPlaneEndpoint: "nowhere" is no host:port',
        'Clusterfile:42 (10.0.0.1): "Upper" is no name for a Node', '  an --env is not of the form', '  an --env with the name "9" is not',
      ]) expect(report).toContain(expected);
      expect(report).toMatch(/^13 errors:/);
      const lines = [...report.matchAll(/^ {2}Clusterfile:(\d+)/gm)].map(([, line]) => Number(line));
      expect(lines).toEqual([...lines].sort((a, b) => a - b));
    });

    test('beside mistakes in the form of the same file, and of a Cluster document that cannot be read', async () => {
      const one = await said(wrong.replaceAll('DIR', dir).replace('strategy', 'x').replace('data: x', 'data: 7'));
      for (const expected of ['Clusterfile:23: spec.data: must be a text', 'Clusterfile:12 (10.0.0.1)', 'Clusterfile:7: spec.ssh.pk']) expect(one).toContain(expected);
      const other = await said(wrong.replace('roles: [node]', 'roles: node'));
      for (const expected of ['Clusterfile:15: spec.hosts.1.roles: roles must be a list', 'Clusterfile:22: Config one', 'Clusterfile:27: ClusterConfiguration.networking', 'Clusterfile:30: ClusterConfiguration.etcd.external', 'Clusterfile:40: controlPlaneEndpoint']) expect(other).toContain(expected);
    });

    test('nobody is asked for the password of a file that is refused, and a wrong key of the flags is part of the report', async () => {
      expect(await said('a: [', { askPasswd: true })).toContain('no YAML');
      const report = await said(wrong.replaceAll('DIR', dir), { pk: join(dir, 'missing') });
      expect(report).toContain('the private key missing does not exist');
      expect(report).not.toContain('none');
      expect(report).toContain('Clusterfile:27: ');
    });
  });
});

test('an address counts in its shortest form, as Kubernetes writes it; the host goes by the name it was given', () => {
  const [host] = run(['localhost/x:1'], { masters: 'FD00:0::1', login: { password: 'x' } }).hosts;
  expect(host).toMatchObject({ id: 'FD00:0::1', address: 'fd00::1' });
});
