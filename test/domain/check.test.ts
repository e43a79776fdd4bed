import fc from 'fast-check';
import { checkProblems } from '../../domain/check';
import { type ClusterSpec, defaultPolicy, type Host } from '../../domain/cluster';
import { type HostFacts, unreachable } from '../../domain/facts';
import type { ImageFacts } from '../../domain/images';
import { marks } from '../../domain/marks';
import { aCluster, anImage, bareFacts, someImages } from '../fixtures';

const uid = 'our-uid';
const one = '10.0.0.1';
/** A host that is well in every respect. */
const well = (host: string, more: Partial<HostFacts> = {}): HostFacts => bareFacts(host, {
  os: { id: 'debian', version: '12' }, arch: 'amd64', cpus: 2, memoryMiB: 4096, clockSkewMs: 0, busyPorts: [], missingTools: [], systemd: true,
  addresses: [host], routes: ['10.0.0.0/24 dev eth0 proto kernel'], freeBytes: { '/var/lib': 50e9, '/var/lib/sealos': 50e9 }, ...more,
});
const ours = { claim: { cluster: 'default', uid } };

interface Case {
  readonly spec?: ClusterSpec;
  readonly facts?: readonly HostFacts[];
  readonly images?: readonly ImageFacts[];
  readonly imagesKnown?: boolean;
  readonly leader?: string;
}
const check = ({ spec = aCluster(1, 0), images = someImages(), imagesKnown, leader, facts = spec.hosts.map(({ id }) => well(id)) }: Case) =>
  checkProblems({ spec, facts, images, uid, ...(imagesKnown === undefined ? {} : { imagesKnown }), ...(leader ? { leader } : {}) });
const about = (more: Partial<HostFacts>, spec?: ClusterSpec) => check({ facts: [well(one, more)], ...(spec ? { spec } : {}) });
const withHost = (more: Partial<Host>): ClusterSpec => {
  const spec = aCluster(1, 0);
  return { ...spec, hosts: spec.hosts.map((host) => ({ ...host, ...more })) };
};

test('says nothing of a cluster that is well', () => {
  expect(check({ spec: aCluster(3, 5) })).toEqual([]);
});

describe('a host', () => {
  test.each<[string, Partial<HostFacts>, 'error' | 'warning', RegExp, string]>([
    ['claimed by another cluster', { claim: { cluster: 'prod', uid: 'x' } }, 'error', /belongs to cluster prod \(x\)/, 'HostClaimed'],
    ['claimed by another cluster of the same name', { claim: { cluster: 'default', uid: 'x' } }, 'error', /belongs to cluster default/, 'HostClaimed'],
    ['with a foreign Kubernetes', { foreign: 'k3s' }, 'error', /did not make: k3s/, 'HostClaimed'],
    ['that sealos made, with the way to take it over', { foreign: 'sealos data of cluster web; kubelet' }, 'error', /did not make: sealos data/, 'HostClaimed'],
    ['with docker', { runtimes: ['dockerd', 'containerd'] }, 'warning', /dockerd and containerd are installed/, 'PreflightFailed'],
    ['ahead of time', { clockSkewMs: 5_001 }, 'error', /5\.0 s ahead of ours, 5 s are allowed/, 'PreflightFailed'],
    ['behind', { clockSkewMs: -61_000 }, 'error', /61\.0 s behind ours/, 'PreflightFailed'],
    ['with a port in use', { busyPorts: [{ port: 6443, process: 'nginx' }] }, 'error', /port 6443 is in use by nginx/, 'PreflightFailed'],
    ['with a port in use by nobody knows', { busyPorts: [{ port: 2379, process: '' }] }, 'error', /port 2379 is in use by a program/, 'PreflightFailed'],
    ['without room', { freeBytes: { '/': 4e9 } }, 'error', /4\.0 GB are free in \/, 5\.0 GB are needed \(.*3\.0 GB of pods and logs, 2\.0 GB of etcd\)/, 'PreflightFailed'],
    ['without room for etcd', { freeBytes: { '/var/lib': 4e9, '/var/lib/etcd': 1e9 } }, 'error', /1\.0 GB are free in \/var\/lib\/etcd, 2\.0 GB are needed \(2\.0 GB of etcd\)/, 'PreflightFailed'],
    ['with one CPU', { cpus: 1 }, 'warning', /1 CPU/, 'PreflightFailed'],
    ['with little memory', { memoryMiB: 1699 }, 'warning', /1699 MiB/, 'PreflightFailed'],
    ['of an untested release', { os: { id: 'debian', version: '10' } }, 'warning', /not tested on debian 10/, 'PreflightFailed'],
    ['of a likely system', { os: { id: 'rocky', version: '9.4' } }, 'warning', /not tested on rocky 9\.4/, 'PreflightFailed'],
    ['of an unknown system', { os: { id: 'plan9', version: '' } }, 'warning', /plan9 is not known/, 'PreflightFailed'],
    ['of another architecture than tested', { arch: 'arm64' }, 'warning', /not tested on arm64/, 'PreflightFailed'],
    ['without systemd', { systemd: false }, 'error', /systemd/, 'PreflightFailed'],
    ['without tools', { missingTools: ['tar', 'ip', 'ss'] }, 'error', /missing: tar, ip, ss/, 'PreflightFailed'],
    ['called localhost', { hostname: 'localhost' }, 'error', /no name of its own/, 'PreflightFailed'],
    ['with a name no Node can have', { hostname: 'my_host' }, 'error', /"my_host" cannot be/, 'PreflightFailed'],
    ['without a name', { hostname: '' }, 'error', /""/, 'PreflightFailed'],
    ['with an address among the pods', { addresses: ['100.64.1.1'] }, 'error', /100\.64\.1\.1 lies in the pod network/, 'PreflightFailed'],
    ['with an address among the services', { addresses: ['10.96.0.10'] }, 'error', /lies in the service network/, 'PreflightFailed'],
    ['with a stale route to pods', { routes: ['100.64.1.0/24 via 10.0.0.9 dev eth0'] }, 'error', /route 100\.64\.1\.0\/24 via 10\.0\.0\.9 .*pod network/, 'PreflightFailed'],
    ['with a route that holds all pods', { routes: ['blackhole 100.0.0.0/8'] }, 'error', /overlaps the pod network/, 'PreflightFailed'],
    ['with a route to one service', { routes: ['10.96.0.10 dev eth0'] }, 'error', /overlaps the service network/, 'PreflightFailed'],
  ])('%s', (_, facts, severity, message, type) => {
    const problems = about(facts);
    expect(problems).toEqual([expect.objectContaining({ severity, type, host: one, message: expect.stringMatching(message) as string, todo: expect.any(String) as string })]);
  });

  test.each<[string, Partial<HostFacts>, ClusterSpec?]>([
    ['a clock that is off by what is allowed', { clockSkewMs: -5_000 }],
    ['a busy port that only control planes need', { busyPorts: [{ port: 2379, process: 'x' }] }, { ...aCluster(1, 0), hosts: [{ ...aCluster(0, 1).hosts[0]!, id: one, roles: ['node'] }] }],
    ['our own kubelet, once prepared', { ...ours, done: [marks.prepared], busyPorts: [{ port: 10250, process: 'kubelet' }, { port: 6443, process: 'anything' }] }],
    ['our own registry on a host left half done', { ...ours, busyPorts: [{ port: 5000, process: 'registry' }] }],
    ['pod routes of a host that has joined', { ...ours, joined: true, addresses: [one, '100.64.0.1'], routes: ['100.64.0.0/24 dev cni0'] }],
    ['sealos data of ours', { ...ours, foreign: 'sealos data of cluster default' }],
    ['no room on a host that has these files', { freeBytes: { '/var/lib': 1 }, done: [marks.mount(aCluster(1, 0), someImages(), aCluster(1, 0).hosts[0]!, one)] }],
    ['the address that the spec names, which is judged there', { addresses: ['100.64.1.1'], routes: ['100.64.1.0/24 dev eth0'] }, withHost({ address: '100.64.1.1' })],
    ['a host name in capitals', { hostname: 'NODE-1.Example.COM' }],
    ['a host name that the spec replaces', { hostname: 'my_host' }, withHost({ nodeName: 'node-1' })],
  ])('is not blamed for %s', (_, facts, ...[spec]) => {
    expect(about(facts, spec)).toEqual([]);
  });

  test('is asked for room for twice its images, and a registry host for all of them', () => {
    const images = [anImage('k', 'rootfs', { version: 'v1.34.2', unpackedBytes: 4e9 }), anImage('app', 'application', { unpackedBytes: 10e9 })];
    const facts = [well(one, { freeBytes: { '/var/lib': 30e9 } }), well('10.0.0.2', { freeBytes: { '/var/lib': 12e9 } })];
    expect(check({ spec: aCluster(1, 1), images, facts }).map(({ host, message }) => [host, message])).toEqual([
      [one, expect.stringContaining('33.0 GB are needed (14.0 GB of images\' files, 14.0 GB of container images,')],
      ['10.0.0.2', expect.stringContaining('13.0 GB are needed (4.0 GB of images\' files, 4.0 GB of container images, 5.0 GB of pods and logs)')],
    ]);
  });

  test('is asked for room in each file system, for the sum of what goes there', () => {
    const images = [anImage('k', 'rootfs', { version: 'v1.34.2', unpackedBytes: 4e9 })];
    const told = (freeBytes: Record<string, number>, fileSystems: Record<string, string>, env: ClusterSpec['env'] = []) =>
      check({ spec: { ...aCluster(1, 0), env }, images, facts: [well(one, { freeBytes, fileSystems })] }).map(({ message }) => message);
    const apart = { '/var/lib/sealos': 'a', '/var/lib/containerd': 'b', '/var/lib/kubelet': 'c', '/var/lib/etcd': 'd' };
    expect(told({ '/var/lib/sealos': 4e9, '/var/lib/containerd': 4e9, '/var/lib/kubelet': 3e9, '/var/lib/etcd': 2e9 }, apart)).toEqual([]);
    expect(told({ '/var/lib/sealos': 50e9, '/var/lib/containerd': 3e9, '/var/lib/kubelet': 3e9, '/var/lib/etcd': 2e9 }, apart)).toEqual([
      '3.0 GB are free in /var/lib/containerd, 4.0 GB are needed (4.0 GB of container images)',
    ]);
    expect(told({ '/var/lib': 8e9, '/var/lib/kubelet': 8e9 }, { '/var/lib': 'a', '/var/lib/kubelet': 'a' })).toEqual([
      "8.0 GB are free in /var/lib and /var/lib/kubelet, 13.0 GB are needed (4.0 GB of images' files, 4.0 GB of container images, 3.0 GB of pods and logs, 2.0 GB of etcd)",
    ]);
    const disks = [{ '/var/lib': 9e9, '/data': 3e9 }, { '/var/lib': 'a', '/data': 'b' }] as const;
    expect(told(...disks, [{ name: 'criData', value: '/data/containerd' }])).toEqual([
      '3.0 GB are free in /data, 4.0 GB are needed (4.0 GB of container images)',
    ]);
    expect(told(...disks)).toEqual([expect.stringContaining('9.0 GB are free in /var/lib, 13.0 GB are needed')]);
  });

  test('is asked for room for all images where it leads, whatever its place in the spec', () => {
    const images = [anImage('k', 'rootfs', { version: 'v1.34.2', unpackedBytes: 4e9 }), anImage('app', 'application', { unpackedBytes: 10e9 })];
    const facts = [one, '10.0.0.2'].map((id) => well(id, { freeBytes: { '/var/lib': 15e9 } }));
    expect(check({ spec: aCluster(2, 0), images, facts, leader: '10.0.0.2' }).map(({ host, message }) => [host, message])).toEqual([
      ['10.0.0.2', expect.stringContaining('33.0 GB are needed')],
    ]);
  });

  test('with earlier files is only warned of little room', () => {
    expect(about({ ...ours, trees: { files: 'sha256:1' }, freeBytes: { '/var/lib': 1 } })).toMatchObject([{ severity: 'warning' }]);
  });

  test('keeps the registry where the spec puts it', () => {
    const spec = { ...aCluster(1, 0), env: [{ name: 'registryPort', value: '5050' }] };
    expect(about({ busyPorts: [{ port: 5000, process: 'x' }] }, spec)).toEqual([]);
    expect(about({ busyPorts: [{ port: 5050, process: 'x' }] }, spec)).toMatchObject([{ message: 'port 5050 is in use by x' }]);
  });

  test.each([[20_000, 'warning'], [30_001, 'error']])('with a clock off by %i ms under the policy "warn": %s', (clockSkewMs, severity) => {
    expect(about({ clockSkewMs }, { ...aCluster(1, 0), policy: { ...defaultPolicy, clockSkew: 'warn' } })).toMatchObject([{ severity }]);
  });

  test('for another architecture than the image is refused, an application for another one is not', () => {
    const images = [anImage('k', 'rootfs', { version: 'v1.34.2', architecture: 'amd64' }), anImage('app', 'application', { architecture: 'arm64' })];
    expect(check({ images, facts: [well(one, { arch: 'arm64' })] })).toMatchObject([{ severity: 'error', message: 'it is arm64, and k was made for amd64' }]);
    expect(check({ images })).toEqual([]);
  });

  test('that was not reached has its reason, its type and what to do, and nothing else', () => {
    const problem = { type: 'SudoDenied', message: 'ops cannot become root', todo: 'add a rule' };
    expect(check({ facts: [unreachable(one, problem)] })).toEqual([{ severity: 'error', host: one, ...problem }]);
    expect(check({ facts: [unreachable(one, { type: 'TypeError', message: 'x' })] })).toMatchObject([{ type: 'HostUnreachable', message: 'x', todo: expect.stringContaining('ssh -p 22 10.0.0.1') as string }]);
    expect(check({ facts: [] })).toMatchObject([{ type: 'HostUnreachable' }]);
  });
});

describe('hosts together', () => {
  const spec = aCluster(1, 1);
  const two = '10.0.0.2';
  const pair = (first: Partial<HostFacts>, second: Partial<HostFacts>) => check({ spec, facts: [well(one, first), well(two, second)] });

  test('one machine under two addresses', () => {
    const both = { machineId: 'm', hostname: 'same', addresses: [one, two] };
    expect(pair(both, both)).toMatchObject([{ severity: 'error', host: two, message: expect.stringContaining(`same machine as ${one}`) as string }]);
  });

  test('one machine behind two forwarded addresses', () => {
    const both = { machineId: 'm', hostname: 'same', addresses: ['192.168.1.5', 'fd00::5'] };
    expect(pair(both, { ...both, addresses: ['fd00::5', '192.168.1.5'] })).toMatchObject([{ severity: 'error', message: expect.stringContaining('same machine') as string }]);
  });

  test('two copies of one disk', () => {
    const docker = '172.17.0.1';
    expect(pair({ machineId: 'm', addresses: [one, docker] }, { machineId: 'm', addresses: [two, docker] })).toMatchObject([{ severity: 'warning', host: two, message: expect.stringContaining('copy') as string }]);
  });

  test('two machines of one name', () => {
    expect(pair({ hostname: 'node' }, { hostname: 'NODE' })).toMatchObject([{ severity: 'error', host: two, message: `its host name node is that of ${one}, too` }]);
  });

  test('every check runs for any number of control planes (peers.md #4)', () => {
    for (let count = 1; count <= 7; count += 1) {
      const cluster = aCluster(count, 0);
      const sick = cluster.hosts.map(({ id }) => well(id, { clockSkewMs: 60_000 }));
      expect(check({ spec: cluster, facts: sick }).filter(({ severity }) => severity === 'error')).toHaveLength(count);
    }
  });
});

describe('images', () => {
  const rootfs = (more: Partial<ImageFacts>) => anImage('k', 'rootfs', { version: 'v1.34.2', ...more });

  test.each<[string, ImageFacts[], RegExp]>([
    ['none', [], /no image of type rootfs/],
    ['only applications', [anImage('web', 'application')], /web is of type application/],
    ['two Kubernetes', [rootfs({}), anImage('k2', 'rootfs', { version: 'v1.33.0' })], /2 images of type rootfs: k, k2/],
    ['no version', [anImage('k', 'rootfs')], /no label version/],
    ['the first generation', [(({ contract: _contract, ...rest }) => rest)(rootfs({}))], /made for sealos 4\.1/],
    ['an unknown contract', [rootfs({ contract: 'v9' })], /contract v9/],
    ['k3s', [rootfs({ distribution: 'k3s' })], /distribution k3s is not supported yet/],
  ])('%s', (_, images, message) => {
    expect(check({ images })).toEqual([expect.objectContaining({ severity: 'error', type: 'InvalidImage', message: expect.stringMatching(message) as string })]);
  });

  test.each([undefined, '', 'kubeadm', 'kubernetes'])('distribution %j is kubeadm', (distribution) => {
    expect(check({ images: [rootfs(distribution === undefined ? {} : { distribution })] })).toEqual([]);
  });

  test('a missing one is not blamed on the others', () => {
    expect(check({ images: [anImage('web', 'application')], imagesKnown: false })).toEqual([]);
  });

  test('their networks count, and the Clusterfile goes over them', () => {
    const images = [rootfs({ podSubnet: '10.9.0.0/16' })];
    const facts = [well(one, { addresses: [one, '10.9.0.1'] })];
    expect(check({ images, facts })).toMatchObject([{ message: expect.stringContaining('pod network 10.9.0.0/16') as string }]);
    const spec = { ...aCluster(1, 0), kubeadm: { cluster: { networking: { podSubnet: '10.200.0.0/16' } } } };
    expect(check({ images, spec, facts })).toEqual([]);
  });
});

test('all hosts and all their problems are in one report', () => {
  const spec = aCluster(1, 2);
  const facts = [well(one, { clockSkewMs: 9e9, systemd: false }), unreachable('10.0.0.2', { type: 'HostUnreachable', message: 'no route' }), well('10.0.0.3', { foreign: 'k3s' })];
  expect(check({ spec, facts, images: [] }).map(({ host, where }) => host ?? where)).toEqual(['images', one, one, '10.0.0.2', '10.0.0.3']);
});

test('no input makes it throw', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('', 'debian', '10.0.0.1', '10.0.0.0/8', '::/0', 'bootstrap', '__proto__', 'constructor'));
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const facts = fc.record({
    host: fc.constantFrom('10.0.0.1', '10.0.0.2', 'x'), reachable: fc.boolean(), problem: optional(fc.record({ type: text, message: text })), hostname: optional(text),
    machineId: optional(text), os: optional(fc.record({ id: text, version: text })), arch: optional(text), cpus: optional(fc.double()), memoryMiB: optional(fc.double()),
    clockSkewMs: optional(fc.double()), busyPorts: optional(fc.array(fc.record({ port: fc.integer(), process: text }))), freeBytes: optional(fc.dictionary(text, fc.double())),
    missingTools: optional(fc.array(text)), systemd: optional(fc.boolean()), addresses: optional(fc.array(text)), routes: optional(fc.array(text)),
    claim: optional(fc.record({ cluster: text, uid: fc.constantFrom(uid, 'x') })), foreign: optional(text), runtimes: optional(fc.array(text)),
    trees: fc.dictionary(text, text), done: fc.array(text), joined: fc.boolean(), controlPlane: fc.boolean(),
  });
  const image = fc.record({
    ref: text, digest: text, kind: fc.constantFrom('rootfs', 'patch', 'application'), version: optional(text), contract: optional(text), distribution: optional(text),
    unpackedBytes: fc.double(), mountName: text, commands: fc.nat(), architecture: optional(text), podSubnet: optional(text), serviceSubnet: optional(text),
  });
  fc.assert(fc.property(fc.array(facts), fc.array(image), fc.nat(3), fc.nat(3), (seen, images, masters, nodes) => {
    checkProblems({ spec: aCluster(masters, nodes), facts: seen as HostFacts[], images: images as ImageFacts[], uid });
  }), { numRuns: 500 });
});
