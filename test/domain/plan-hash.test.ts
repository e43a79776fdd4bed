import { type ClusterSpec, defaultPolicy, type Policy } from '../../domain/cluster';
import { type Plan, planCluster, type PlanInput } from '../../domain/plan';
import { madeFrom } from '../../domain/made-from';
import { marks } from '../../domain/marks';
import { aCluster, aHost, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const images = someImages();
const config = (data: string, name = 'c') => ({ configs: [{ name, path: 'etc/x', strategy: 'override' as const, data }] });
const policy = (more: Partial<Policy>) => ({ policy: { ...defaultPolicy, ...more } });
const sealed = (fp: string, nonce: string) => `sealed:v1:k1:${fp}:${nonce}:${nonce}cipher`;

/** The plan for what is wanted, on hosts that bear these marks. */
const plan = (spec: ClusterSpec, done: Record<string, string[]> = {}, more: Partial<PlanInput> = {}): Plan => {
  const cluster = clusterFacts(spec.hosts, done);
  return planCluster({ spec, images, problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [] })), ...(cluster ? { cluster } : {}), ...more });
};

describe('a plan for bare hosts', () => {
  const base = plan(aCluster(1, 1));

  test.each<[string, Partial<ClusterSpec>]>([
    ['the content of a Config document', config('b')],
    ['a kubelet setting', { kubeadm: { kubelet: { maxPods: 57 } } }],
    ['a kubeadm document', { kubeadm: { cluster: { apiServer: { extraArgs: [] } } } }],
    ['the endpoint of the API', { controlPlaneEndpoint: 'api.example:6443' }],
    ['a variable', { env: [{ name: 'A', value: '1' }] }],
    ['a secret variable', { env: [{ name: 'TOKEN', value: sealed('fp', 'n') }] }],
    ['the command of the first image', { command: ['other'] }],
    ['a variable of one host', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'node', { env: [{ name: 'A', value: '1' }] })] }],
    ['the name of one node', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'node', { nodeName: 'two' })] }],
    ['the labels of one node', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'node', { nodeLabels: { gpu: 'yes' } })] }],
    ['the taints of one node', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'node', { nodeTaints: ['a:NoExecute'] })] }],
    ['the role of a host', { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'master')] }],
  ])('is another one with %s, though its steps have the same names', (what, more) => {
    const withCommands = what.includes('command') ? images.map((one) => ({ ...one, commands: 1 })) : images;
    const [before, after] = [{}, more].map((wanted) => plan(aCluster(1, 1, wanted), {}, { images: withCommands }));
    expect(after!.jobs.map(({ id }) => id)).toEqual(before!.jobs.map(({ id }) => id));
    expect(after!.hash).not.toBe(before!.hash);
  });

  test.each<[string, ClusterSpec]>([
    ['how to log in', aCluster(1, 1, { credentials: { default: { user: 'ana', password: sealed('fp', 'n') } } })],
    ['the password of the registry, which every look at a new cluster makes anew', aCluster(1, 1, { registryPassword: sealed('fp', 'n') })],
    ['how many hosts are worked on at once, who approves, who waits', aCluster(1, 1, policy({ parallel: 1, noWait: true, approve: { removeControlPlane: false, upgrade: false, override: false }, drift: { converge: true } }))],
    ['the port of a host', aCluster(1, 1, { hosts: aCluster(1, 1).hosts.map((host) => ({ ...host, port: 2222, knownKeys: ['x'] })) })],
  ])('is the same with another value of %s', (_what, spec) => {
    expect(plan(spec).hash).toBe(base.hash);
  });

  test('is the same when a secret is sealed anew, and another one with another secret; neither secret nor sealed text is in it', () => {
    const secret = (fp: string, nonce: string) => plan(aCluster(1, 1, { env: [{ name: 'TOKEN', value: sealed(fp, nonce) }] }));
    expect(secret('fp', 'one').hash).toBe(secret('fp', 'two').hash);
    expect(secret('fp', 'one').hash).not.toBe(secret('other', 'one').hash);
    expect(JSON.stringify(secret('fp', 'one'))).not.toContain('sealed:');
  });

  test('is the same however a document is written', () => {
    const kubelet = (one: object) => plan(aCluster(1, 1, { kubeadm: { kubelet: { ...one } } })).hash;
    expect(kubelet({ maxPods: 5, podPidsLimit: 7 })).toBe(kubelet({ podPidsLimit: 7, maxPods: 5 }));
  });
});

describe('a plan for a cluster that is there', () => {
  const before = aCluster(1, 1);
  const done = allMarks(before);
  const hash = (more: Partial<ClusterSpec>, input: Partial<PlanInput> = {}) => plan(aCluster(1, 1, more), done, input).hash;

  test('says what a changed Config document and a changed setting come to', () => {
    expect(hash(config('a'))).not.toBe(hash(config('b')));
    const maxPods = (count: number) => ({ kubeadm: { kubelet: { maxPods: count } } });
    expect(hash(maxPods(57))).not.toBe(hash(maxPods(5)));
  });

  test('says as what a host joins', () => {
    const joins = (role: 'master' | 'node') => plan(aCluster(1, 0, { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.9', role)] }), { '10.0.0.1': done['10.0.0.1']! });
    expect(joins('master').jobs.map(({ id }) => id)).toEqual(joins('node').jobs.map(({ id }) => id));
    expect(joins('master').hash).not.toBe(joins('node').hash);
  });

  test('says how pods leave a host, where one leaves', () => {
    const leaver = aHost('10.0.0.3');
    const marked = { ...done, [leaver.id]: ['join:worker-1'] };
    const leaves = (more: Partial<ClusterSpec>) => plan(aCluster(1, 1, more), marked, {
      leaving: [leaver], facts: [...before.hosts, leaver].map(({ id }) => bareFacts(id, { done: marked[id] ?? [] })), cluster: clusterFacts([...before.hosts, leaver], marked)!,
    });
    const gentle = policy({ drain: { ...defaultPolicy.drain, force: false } });
    expect(leaves({}).jobs.map(({ stage }) => stage)).toContain('Remove');
    expect(leaves(gentle).hash).not.toBe(leaves({}).hash);
    expect(hash(gentle)).toBe(hash({}));
  });

  test('tells in words what has changed of the files: Config documents by name, variables, images', () => {
    const last = { conditions: [], hostKeys: {}, images: [], created: true, madeFrom: madeFrom(aCluster(1, 1, config('a')), images), members: { '10.0.0.2': { host: before.hosts[1]! } } };
    const reasons = (spec: ClusterSpec, of = images) => Object.fromEntries(plan(spec, done, { last, images: of }).jobs.filter(({ stage }) => stage === 'MountRootfs').map(({ host, reason }) => [host, reason]));
    expect(reasons(aCluster(1, 1, config('b')))).toEqual({ '10.0.0.1': 'Config c changed', '10.0.0.2': 'Config c changed' });
    expect(reasons(aCluster(1, 1, config('a', 'd')))['10.0.0.2']).toBe('Config c goes, Config d is new');
    expect(reasons(aCluster(1, 1, { ...config('a'), env: [{ name: 'A', value: '1' }] }))['10.0.0.2']).toBe('variables changed');
    expect(reasons(aCluster(1, 1, { ...config('a'), hosts: [before.hosts[0]!, aHost('10.0.0.2', 'node', { env: [{ name: 'A', value: '1' }] })] }))['10.0.0.2']).toBe('variables of this host changed');
    const newer = images.map((one) => (one.ref === 'web' ? { ...one, digest: `sha256:${'f'.repeat(64)}` } : one));
    expect(reasons(aCluster(1, 1, config('a')), newer)['10.0.0.1']).toBe('web');
  });

  test('lists the images of files that were never there, and where nobody knows what they were made from', () => {
    const [fresh] = plan(aCluster(1, 0)).jobs.filter(({ stage }) => stage === 'MountRootfs');
    expect(fresh?.reason).toBe('kubernetes, flannel, web');
    expect(plan(aCluster(1, 1, config('b')), done).jobs.find(({ id }) => id === 'MountRootfs/10.0.0.2')?.reason).toBe('kubernetes');
    expect(marks.mount(aCluster(1, 1, config('b')), images, before.hosts[1]!, '10.0.0.1')).not.toBe(done['10.0.0.2']![0]);
  });
});
