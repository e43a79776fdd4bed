import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loginOf, parseClusterfile, type ParseOptions, writeClusterfile } from '../../domain/clusterfile';
import { defaultPolicy } from '../../domain/cluster';
import { ClusterError } from '../../domain/errors';
import { specProblems } from '../../domain/spec-rules';
import { aCluster, aHost } from '../fixtures';

const parse = (text: string, options: Partial<ParseOptions> = {}) => parseClusterfile(text, { file: 'Clusterfile', ...options });
const documentsOf = (text: string, options?: Partial<ParseOptions>) => parse(text, options).documents;
const warningsOf = (text: string) => parse(text).warnings.map(({ where, message }) => `${where ?? ''} ${message}`);
const cluster = (spec: string) => `apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: default}\nspec: ${spec}\n`;
const problemsOf = (text: string, options?: Partial<ParseOptions>): string => {
  try {
    parse(text, options);
  } catch (error) {
    expect(error).toMatchObject({ type: 'InvalidSpec' });
    return (error as Error).message;
  }
  throw new Error('there is no problem');
};

const sealosExample = `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata: {name: default}
spec:
  ssh: {user: root, passwd: "{{ .Values.pw }}", port: 22}
  env: [criData=/data/containerd, registryData=/data/registry]
  image: [labring/kubernetes:v1.24.0, labring/helm:v3.8.2, labring/calico:v3.22.1]
  hosts:
  - {ips: ["192.168.0.100:22"], roles: [master, registry, amd64], env: [criData=/nvme/containerd]}
  - {ips: ["192.168.0.101:2222"], roles: [node, amd64], ssh: {user: ops, pk: /root/k}}
---
apiVersion: apps.sealos.io/v1beta1
kind: Config
metadata: {name: cni}
spec:
  path: manifests/calico.yaml
  match: labring/calico:v3.22.1
  strategy: merge
  data: |
    spec: {calicoNetwork: {ipPools: [{cidr: 10.160.0.0/12}]}}
---
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterConfiguration
networking: {podSubnet: 10.160.0.0/12, serviceSubnet: 100.55.0.0/16}
`;

test('a Clusterfile as sealos has it', () => {
  const { documents, warnings } = parse(sealosExample, { set: ['pw=a,b=c'] });
  expect(warnings).toEqual([]);
  expect(documents).toEqual({
    name: 'default',
    images: ['labring/kubernetes:v1.24.0', 'labring/helm:v3.8.2', 'labring/calico:v3.22.1'],
    ssh: { user: 'root', passwd: 'a,b=c', port: 22 },
    env: [{ name: 'criData', value: '/data/containerd' }, { name: 'registryData', value: '/data/registry' }],
    command: [],
    hosts: [
      { address: '192.168.0.100', port: 22, roles: ['master', 'registry', 'amd64'], ssh: {}, env: [{ name: 'criData', value: '/nvme/containerd' }] },
      { address: '192.168.0.101', port: 2222, roles: ['node', 'amd64'], ssh: { user: 'ops', pk: '/root/k' }, env: [] },
    ],
    configs: [{ name: 'cni', path: 'manifests/calico.yaml', match: 'labring/calico:v3.22.1', strategy: 'merge', data: 'spec: {calicoNetwork: {ipPools: [{cidr: 10.160.0.0/12}]}}\n' }],
    kubeadm: { cluster: { apiVersion: 'kubeadm.k8s.io/v1beta2', kind: 'ClusterConfiguration', networking: { podSubnet: '10.160.0.0/12', serviceSubnet: '100.55.0.0/16' } } },
    policy: {},
  });
});

test.each(readdirSync(join(__dirname, '../../examples')).filter((name) => name.endsWith('.yaml')))('the example %s is read without a warning', (name) => {
  const { documents, warnings } = parse(readFileSync(join(__dirname, '../../examples', name), 'utf8'), { set: ['pw=secret'] });
  expect(warnings).toEqual([]);
  const hosts = documents.hosts.map((host) => aHost(host.address, 'node', { roles: host.roles, env: host.env }));
  expect(specProblems({ ...aCluster(0, 0), ...documents, hosts, policy: { ...defaultPolicy, ...documents.policy } })).toEqual([]);
});

test('every problem comes at once, with file, line and what to do', () => {
  const text = `apiVersion: apps.sealos.io/v1beta1
kind: Cluster
metadata:
  name: 7
spec:
  image: labring/kubernetes
  ssh:
    port: 99999
    passwd: 12345
  hosts:
    - ips: [10.0.0.1]
    - ips: 10.0.0.2
      roles: [node]
---
kind: Config
apiVersion: apps.sealos.io/v1beta1
metadata: {name: c}
spec:
  strategy: replace
  data: {a: 1}
---
apiVersion: keelson.dev/v1alpha1
kind: Policy
spec:
  paralel: 3
  maxClockSkew: 5
---
apiVersion: kubeadm.k8s.io/v1
kind: InitConfiguration
---
a: [
`;
  const problems = problemsOf(text);
  for (const expected of [
    'Clusterfile:4: metadata.name: metadata.name must be a text', 'Clusterfile:6: spec.image: image must be a list', 'Clusterfile:8: spec.ssh.port: port must be 1 to 65535',
    'Clusterfile:9: spec.ssh.passwd: passwd must be a text', 'Clusterfile:11: spec.hosts.0.roles: is missing', 'Clusterfile:12: spec.hosts.1.ips: ips must be a list',
    'Clusterfile:18: spec.path: is missing', 'Clusterfile:19: spec.strategy: strategy must be', 'Clusterfile:20: spec.data: must be a text: write it below `data: |`',
    'Clusterfile:25: unknown field spec.paralel', 'Clusterfile:26: spec.maxClockSkew: a duration is a text such as 30s', 'Clusterfile:28: apiVersion: apiVersion must be kubeadm.k8s.io/v1beta1, v1beta2',
    'no YAML: ',
  ]) expect(problems).toContain(expected);
  expect(problems).not.toContain('12345');
  const lines = [...problems.matchAll(/Clusterfile:(\d+):/g)].map(([, line]) => Number(line));
  expect(lines).toEqual([...lines].sort((a, b) => a - b));
});

test('hosts: their own port before the group\'s, each once, by address', () => {
  const { hosts } = documentsOf(cluster('{hosts: [{ips: ["10.0.0.1:23", 10.0.0.2, "[fd00::1]:24"], roles: [node], ssh: {port: 2222}}, {ips: [10.0.0.3], roles: [node]}]}'));
  expect(hosts.map(({ address, port }) => [address, port])).toEqual([['10.0.0.1', 23], ['10.0.0.2', 2222], ['fd00::1', 24], ['10.0.0.3', undefined]]);
  const problems = problemsOf(cluster('\n  hosts:\n    - ips: [10.0.0.1, web-1, 10.0.0.0/24]\n      roles: [master]\n    - ips: ["10.0.0.1:22"]\n      roles: [node]'));
  expect(problems).toContain('Clusterfile:6: "web-1" is no ip or ip:port');
  expect(problems).toContain('Clusterfile:6: "10.0.0.0/24" is no ip or ip:port');
  expect(problems).toContain('Clusterfile:8: 10.0.0.1 is there twice, first at Clusterfile:6');
});

test('host keys as ssh prints them, in one form; what is none has its line', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMn5uMtRLbDkFwAfsbbwfLOtVMZSRHuWvSGMWDCbPmRm';
  const print = `SHA256:${'a'.repeat(43)}`;
  const group = (...keys: string[]) => cluster(`\n  hosts:\n  - ips: [10.0.0.1, 10.0.0.2]\n    roles: [node]\n    hostKeys:\n${keys.map((one) => `    - '${one}'\n`).join('')}`);
  expect(documentsOf(group(`10.0.0.1 ${key}`, `256 ${print} root@h (ED25519)`)).hosts.map(({ hostKeys }) => hostKeys)).toEqual([[key, print], [key, print]]);
  expect(problemsOf(group(key, 'MD5:00:11'))).toContain('Clusterfile:10: "MD5:00:11" is no host key');
});

test('a group\'s settings go over the cluster\'s field by field, a key of its own over both forms of a key', () => {
  const base = { user: 'root', passwd: 'p', pkData: 'KEY', pk: '/k', pkPasswd: 'x', port: 22 };
  expect(loginOf(base, { user: 'ops' })).toEqual({ ...base, user: 'ops' });
  expect(loginOf(base, { pk: '/mine' })).toEqual({ user: 'root', passwd: 'p', pk: '/mine', pkPasswd: 'x', port: 22 });
  expect(documentsOf(cluster('{ssh: {user: "", pk: "", passwd: p}}')).ssh).toEqual({ passwd: 'p' });
});

test('env: values as they stand, the system\'s names dropped, secrets not repeated', () => {
  const { documents, warnings } = parse(cluster('\n  env:\n    - A=1,2=3\n    - B=\n    - SEALOS_SYS_X=1'));
  expect(documents.env).toEqual([{ name: 'A', value: '1,2=3' }, { name: 'B', value: '' }]);
  expect(warnings).toEqual([expect.objectContaining({ severity: 'warning', message: expect.stringContaining('SEALOS_SYS_X') })]);
  const problems = problemsOf(cluster('\n  env:\n    - hunter2'));
  expect(problems).toContain('Clusterfile:6: spec.env.0: not of the form NAME=VALUE');
  expect(problems).not.toContain('hunter2');
});

test('keys without a value say nothing', () => {
  expect(documentsOf(cluster('\n  env:\n  hosts:\n  ssh:\n    passwd:\n  image: [a]'))).toMatchObject({ env: [], hosts: [], ssh: {}, images: ['a'] });
});

test('unknown fields and documents warn, with their line', () => {
  const text = `${cluster('\n  images: [a]\n  ssh: {password: x}\n  hosts:\n    - {ips: [10.0.0.1], roles: [master], label: x}')}status: {phase: x}\n---\napiVersion: v1\nkind: ConfigMap\n---\ncluster-cidr: 10.0.0.0/8\n---\n- 1\n`;
  expect(warningsOf(text)).toEqual([
    'Clusterfile:5 unknown field spec.images',
    'Clusterfile:6 unknown field spec.ssh.password',
    'Clusterfile:8 unknown field spec.hosts.0.label',
    'Clusterfile:11 an unknown document is ignored (kind ConfigMap, apiVersion v1)',
    'Clusterfile:14 an unknown document is ignored (kind missing, apiVersion missing)',
    'Clusterfile:16 a document that is no map is ignored',
  ]);
});

test('of two documents of one kind and name the last counts', () => {
  const config = (name: string, data: string) => `---\napiVersion: apps.sealos.io/v1beta1\nkind: Config\nmetadata: {name: ${name}}\nspec: {path: ./etc/x, data: ${data}}\n`;
  const { documents, warnings } = parse(`${cluster('{image: [a]}')}${config('one', 'first')}${config('two', 'x')}${config('one', 'last')}`);
  expect(documents.configs.map(({ name, data, path, strategy }) => [name, data, path, strategy])).toEqual([['two', 'x', 'etc/x', 'override'], ['one', 'last', 'etc/x', 'override']]);
  expect(warnings.map(({ message }) => message)).toEqual(['Config one is there twice; this one counts, the one at Clusterfile:6 is ignored']);
});

test('one file, one cluster', () => {
  expect(problemsOf(`${cluster('{}')}---\n${cluster('{}').replace('default', 'other')}`)).toContain('Clusterfile:6: a second cluster');
  expect(problemsOf('')).toContain('Clusterfile: there is no Cluster document');
});

test('Policy: a group of settings keeps the defaults of what it leaves out', () => {
  const policy = '---\napiVersion: keelson.dev/v1alpha1\nkind: Policy\nspec: {drain: {timeout: 1m}, upgrade: {maxUnavailable: 25%}, approve: {upgrade: false}, snapshots: {every: 6h}, drift: {every: 10m}}\n';
  expect(documentsOf(cluster('{image: [a/b:1]}') + policy).policy).toEqual({
    drain: { timeoutMs: 60_000, force: true },
    upgrade: { maxUnavailable: '25%' },
    approve: { removeControlPlane: true, upgrade: false, override: true },
    snapshots: { beforeUpgrade: true, keep: 5, everyMs: 21_600_000 },
    drift: { everyMs: 600_000, converge: false },
  });
  expect(problemsOf(cluster('{image: [a/b:1]}') + policy.replace('25%', '0'))).toContain('maxUnavailable');
});

test('Policy: durations in milliseconds, node names at their hosts, the endpoint', () => {
  const policy = `---\napiVersion: keelson.dev/v1alpha1\nkind: Policy\nspec: {parallel: 5, maxClockSkew: 1m30s, clockSkew: warn, parkRetry: {first: 500ms}, controlPlaneEndpoint: "api:6443", nodeNames: {10.0.0.1: one, 10.0.0.9: nine}, nodeLabels: {10.0.0.1: {gpu: 'yes'}}, nodeTaints: {10.0.0.1: ['a=b:NoSchedule'], 10.0.0.9: []}}\n`;
  const { documents, warnings } = parse(`${cluster('{hosts: [{ips: [10.0.0.1], roles: [master]}]}')}${policy}`);
  expect(documents).toMatchObject({ policy: { parallel: 5, maxClockSkewMs: 90_000, clockSkew: 'warn', parkRetry: { times: 5, firstMs: 500, factor: 2 } }, controlPlaneEndpoint: 'api:6443', hosts: [{ nodeName: 'one', nodeLabels: { gpu: 'yes' }, nodeTaints: ['a=b:NoSchedule'] }] });
  expect(problemsOf(`${cluster('{}')}${policy.replace("gpu: 'yes'", 'gpu: 1')}`)).toContain('Clusterfile:8: spec.nodeLabels.10.0.0.1.gpu: a label must be a text');
  expect(warnings.map(({ message }) => message)).toEqual(['Policy nodeNames: 10.0.0.9 is no host of the cluster', 'Policy nodeTaints: 10.0.0.9 is no host of the cluster']);
});

test('kubeadm documents: as they stand, but for tokens and keys', () => {
  const { documents, warnings } = parse(`${cluster('{}')}---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{token: abcdef.0123456789abcdef}]
certificateKey: secret
nodeRegistration: {taints: null}
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
discovery: {timeout: 1m, tlsBootstrapToken: secret}
controlPlane: {certificateKey: secret}
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
controlPlaneEndpoint: lb.example.com:6443
`);
  expect(JSON.stringify(documents)).not.toMatch(/abcdef|secret/);
  expect(documents.kubeadm.init).toMatchObject({ nodeRegistration: { taints: null } });
  expect(documents.kubeadm.join).toMatchObject({ discovery: { timeout: '1m' }, controlPlane: {} });
  expect(documents.controlPlaneEndpoint).toBe('lb.example.com:6443');
  expect(warnings.map(({ message }) => message)).toEqual(['bootstrapTokens is ignored', 'certificateKey is ignored', 'discovery is ignored']);
  expect(documentsOf(`${cluster('{}')}---\napiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\ncontrolPlaneEndpoint: apiserver.cluster.local:6443\n`)).not.toHaveProperty('controlPlaneEndpoint');
});

describe('templates', () => {
  const file = (text: string, file = 'v.yaml') => ({ file, text });
  const image = (options: Partial<ParseOptions>, template = '{{ .Values.a.b }}') => documentsOf(cluster(`{image: ['${template}']}`), options).images[0];

  test('values files merge in their order, --set goes over them', () => {
    const values = [file('a: {b: one, c: keep}\nl: [1]'), file('a: {b: two}\nl: [2]')];
    expect(image({ values })).toBe('two');
    expect(image({ values, set: ['a.b=three'] })).toBe('three');
    expect(image({ values, set: ['a.x.y=4'] }, '{{ .Values.a.c }}{{ index .Values.l 0 }}{{ .Values.a.x.y }}')).toBe('keep24');
    expect(image({ set: ['on=false', 'l={x,y}', 'a\\.b=dot'] }, '{{ if .Values.on }}on{{ else }}off{{ end }}{{ index .Values.l 1 }}{{ index .Values "a.b" }}')).toBe('offydot');
  });

  test('a missing value prints <no value>, text without braces stays', () => {
    expect(image({})).toBe('<no value>');
    expect(image({}, 'a}}b')).toBe('a}}b');
  });

  test('a login is refused that a template left without its value, and says which', () => {
    const text = cluster(`\n  ssh: {user: root, passwd: '{{ .Values.pw }}'}\n  env: ['NOTE={{ .Values.note }}']\n  hosts:\n  - {ips: [10.0.0.1], roles: [master], ssh: {pkPasswd: 'a{{ .Values.keys.one }}'}}`);
    expect(problemsOf(text)).toBe([
      '2 errors:',
      '  Clusterfile:5: spec.ssh.passwd: the template has no value for it', '    -> Give --set pw=... --set note=... --set keys.one=..., or a file with --values.',
      '  Clusterfile:8: spec.hosts.0.ssh.pkPasswd: the template has no value for it', '    -> Give --set pw=... --set note=... --set keys.one=..., or a file with --values.',
    ].join('\n'));
    expect(documentsOf(text, { set: ['pw=x', 'keys.one=y'] })).toMatchObject({ ssh: { passwd: 'x' }, hosts: [{ ssh: { pkPasswd: 'ay' } }], env: [{ value: '<no value>' }] });
    // Not what somebody wrote so.
    expect(documentsOf(cluster("{ssh: {passwd: '<no value>'}}")).ssh).toEqual({ passwd: '<no value>' });
  });

  test('faults of templates and values come with their place', () => {
    expect(problemsOf('a: 1\nb: {{ nope }}')).toContain('Clusterfile:2: template: unknown function nope');
    expect(problemsOf(cluster('{}'), { values: [file('a: [\n', 'bad.yaml'), file('- 1', 'list.yaml')], set: ['=hunter2', 'a.b'] })).toMatch(
      /bad\.yaml:\d: no YAML[\s\S]*list\.yaml: values must be a map[\s\S]*--set: a value without a name/);
    expect(problemsOf(cluster('{}'), { set: ['=hunter2'] })).not.toContain('hunter2');
  });

  test('extra files are read after the Clusterfile and named in errors', () => {
    const extra = [file('apiVersion: apps.sealos.io/v1beta1\nkind: Config\nmetadata: {name: x}\nspec: {data: ""}', 'more.yaml')];
    expect(problemsOf(cluster('{}'), { extra })).toContain('more.yaml:4: spec.path: is missing');
  });
});

test('YAML faults do not quote the file', () => {
  const problems = problemsOf(cluster('\n  ssh:\n    passwd: hunter2\n    passwd: hunter3\n   x: hunter4'));
  expect(problems).toMatch(/Clusterfile:\d: no YAML/);
  expect(problems).not.toContain('hunter');
});

test('where the text is no YAML, what only follows from it is not said', () => {
  expect(problemsOf(cluster('\n  image: [a\n  hosts: b: c'))).not.toContain('there is no Cluster document');
  expect(problemsOf('')).toContain('there is no Cluster document');
});

test('any text is a Clusterfile or a ClusterError', () => {
  const line = fc.constantFrom('apiVersion: apps.sealos.io/v1beta1', 'kind: Cluster', 'kind: Config', 'kind: Policy', 'kind: InitConfiguration', 'apiVersion: keelson.dev/v1alpha1',
    'metadata: {name: a}', 'metadata:', 'spec:', '  hosts:', '  - ips: [10.0.0.1]', '    roles: [master]', '  env: [a=b]', '  ssh: {port: 1}', '---', '...', '- 1', '&a', '*a', '<<: *a', '{{ .Values.x }}',
    '{{', '__proto__: {a: 1}', '? {a: b}', '  image: &a [x]', '\t', '%YAML 9.9', 'a: !!float x', '"', "'");
  const text = fc.oneof(fc.array(line, { maxLength: 15 }).map((lines) => lines.join('\n')), fc.string());
  fc.assert(fc.property(text, fc.array(fc.string(), { maxLength: 2 }), (source, set) => {
    try {
      expect(typeof documentsOf(source, { set, values: [{ file: 'v', text: source }] }).name).toBe('string');
    } catch (error) {
      expect(error).toBeInstanceOf(ClusterError);
    }
  }), { numRuns: 2000 });
});

test('what is written is read back as the same, whatever stands in it', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'Z', '0', ':', ' ', '#', '{', '}', "'", '"', '\\', '\n', 'ä', '-', '=', ',', 'y') });
  const value = fc.oneof(word, fc.constantFrom('yes', '1', 'null', '~', '{{ .Values.x }}', '0x1', 'sealed:v1:a:b:c:d'));
  const ssh = fc.record({ user: fc.constantFrom('root', 'ops'), passwd: value.filter((one) => one !== ''), pk: fc.constant('/k'), port: fc.integer({ min: 1, max: 65_535 }) }, { requiredKeys: [] });
  const env = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,5}$/), value }), { selector: ({ name }) => name, maxLength: 3 });
  const host = fc.record({ roles: fc.constantFrom(['master'], ['node', 'gpu']), ssh: ssh.map(({ port: _port, ...rest }) => rest), env, port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }), nodeLabels: fc.constantFrom(undefined, { gpu: 'yes', on: '1' }), nodeTaints: fc.constantFrom(undefined, ['a=b:NoSchedule']), hostKeys: fc.constantFrom(undefined, [`SHA256:${'a'.repeat(43)}`], ['ssh-ed25519 AAAA0']) });
  fc.assert(fc.property(fc.record({ hosts: fc.array(host, { maxLength: 5 }), ssh, env, command: fc.array(value, { maxLength: 2 }), data: value }), ({ hosts, data, ...rest }) => {
    const documents = {
      ...rest, name: 'prod', images: ['kubernetes:v1'],
      hosts: hosts.map((one, at) => ({ ...(Object.fromEntries(Object.entries(one).filter(([, said]) => said !== undefined)) as Omit<typeof one, 'port' | 'hostKeys' | 'nodeLabels' | 'nodeTaints'>), address: `10.0.0.${at + 1}` })),
      configs: [{ name: 'one', path: 'etc/x', strategy: 'append' as const, data }],
      kubeadm: { kubelet: { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', maxPods: 50 } },
      policy: { parallel: 3, parkRetry: { times: 1, firstMs: 1500, factor: 1.5 }, maxClockSkewMs: 2500, drain: { graceMs: 0, timeoutMs: 90_000, force: false }, upgrade: { maxUnavailable: '25%' }, approve: { removeControlPlane: false, upgrade: true, override: true }, snapshots: { beforeUpgrade: false, keep: 2, everyMs: 7_200_000 }, drift: { everyMs: 1_500, converge: true } }, controlPlaneEndpoint: 'a.b:1',
    };
    expect(documentsOf(writeClusterfile(documents))).toEqual(documents);
  }));
});
