import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import type { ClusterFacts, HostFacts } from '../../domain/facts';
import { type Board, verdict } from '../../domain/gates';
import { marks } from '../../domain/marks';
import { type Plan, planCluster } from '../../domain/plan';
import type { JobState } from '../../domain/status';
import { aCluster, allMarks, anImage, bareFacts, clusterFacts, someImages } from '../fixtures';

const [cp1, cp2, cp3, w1] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const [old, target] = ['v1.34.2', 'v1.35.4'] as const;
const images = [anImage('kubernetes:v1.35.4', 'rootfs', { version: target }), ...someImages().slice(1)];
const spec = aCluster(3, 1);
const done = allMarks(spec);

/** A host of the cluster by the version of its kubelet and that of its static pods. */
const host = (id: string, kubelet: string = old, pods = kubelet, more: string[] = []): HostFacts =>
  bareFacts(id, { done: [...done[id]!, ...more], joined: true, kubeletVersion: kubelet, ...(id === w1 ? {} : { controlPlaneVersion: pods }) });
const plan = (facts: HostFacts[], wanted: ClusterSpec = spec, more: Partial<ClusterFacts> = {}): Plan => planCluster({
  spec: wanted, images, problems: [], facts, cluster: clusterFacts(spec.hosts, done, more)!, last: { conditions: [], hostKeys: {}, images: [], created: true, leader: cp1 },
  leaving: spec.hosts.filter(({ id }) => !wanted.hosts.some((one) => one.id === id)),
});
const ids = (facts: HostFacts[], wanted: ClusterSpec = spec): string[] => plan(facts, wanted).jobs.filter(({ stage }) => stage === 'Upgrade').map(({ id }) => id);

test('an upgrade begins with a snapshot of etcd, then the leader, the other control planes, the workers', () => {
  expect(ids([host(cp1), host(cp2), host(cp3), host(w1)])).toEqual([`Upgrade/${cp1}/snapshot`, ...[cp1, cp2, cp3, w1].map((id) => `Upgrade/${id}`)]);
});

test.each<[string, HostFacts[], string[]]>([
  ['the leader has been begun', [host(cp1, old, old, [marks.upgrading(target)]), host(cp2), host(cp3), host(w1)], [cp1, cp2, cp3, w1]],
  ['static pods of the leader are new', [host(cp1, old, target), host(cp2), host(cp3), host(w1)], [cp1, cp2, cp3, w1]],
  ['one control plane is new', [host(cp1, target), host(cp2), host(cp3), host(w1)], [cp2, cp3, w1]],
  ['another one than the leader has been begun', [host(cp1), host(cp2, old, old, [marks.upgrading(target)]), host(cp3), host(w1)], [cp1, cp2, cp3, w1]],
  ['only workers are left', [host(cp1, target), host(cp2, target), host(cp3, target), host(w1)], [w1]],
])('one that goes on takes none: the one from before must stay, and the leader\'s etcd may be what is ill (%s)', (_what, facts, left) => {
  expect(ids(facts)).toEqual(left.map((id) => `Upgrade/${id}`));
});

test('a host that is bare yet begins nothing, and the Policy may want no snapshot', () => {
  expect(ids([host(cp1), host(cp2), bareFacts(cp3, { kubeletVersion: target }), host(w1)])[0]).toBe(`Upgrade/${cp1}/snapshot`);
  const without = { ...spec, policy: { ...defaultPolicy, snapshots: { ...defaultPolicy.snapshots, beforeUpgrade: false } } };
  expect(ids([host(cp1), host(cp2), host(cp3), host(w1)], without)[0]).toBe(`Upgrade/${cp1}`);
});

describe('a control plane whose upgrade does not come to its end leaves', () => {
  const without = (...gone: string[]): ClusterSpec => ({ ...spec, hosts: spec.hosts.filter(({ id }) => !gone.includes(id)) });
  const stuck = (id: string) => host(id, old, target, [marks.upgrading(target)]);
  const order = ({ jobs }: Plan): string[] => jobs.filter(({ stage }) => ['Remove', 'Upgrade'].includes(stage)).map(({ id }) => id);
  const away = (id: string): HostFacts => ({ ...bareFacts(id), reachable: false, problem: { type: 'HostUnreachable', message: 'no route' } });

  test.each<[string, string, HostFacts[], string[]]>([
    ['the second', cp2, [host(cp1, target), stuck(cp2), host(cp3), host(w1)], [cp3, w1]],
    ['the leader, past its point of no return', cp1, [stuck(cp1), host(cp2), host(cp3), host(w1)], [cp2, cp3, w1]],
    ['one that was given back, when all others are done', cp3, [host(cp1, target), host(cp2, target), host(cp3), host(w1)], [w1]],
  ])('%s: first of all, with two words of a person, then the others go on', (_what, gone, facts, left) => {
    const planned = plan(facts, without(gone));
    expect(planned.problems).toEqual([]);
    expect(order(planned)).toEqual([`Remove/${gone}`, ...left.map((id) => `Upgrade/${id}`)]);
    expect(planned.approvals.map(({ kind }) => kind)).toEqual(['removeControlPlane', 'upgrade']);
  });

  test('nobody is upgraded before it has left, and it does not leave before all know where the registry is', () => {
    const planned = plan([stuck(cp1), host(cp2), host(cp3), host(w1)], without(cp1));
    const board = (states: Record<string, JobState>): Board => ({ jobs: planned.jobs, stateOf: ({ id }) => states[id] ?? 'pending', isControlPlane: (id) => id !== w1, isEarly: () => false });
    const all = Object.fromEntries(planned.jobs.map(({ id }) => [id, 'done' as const]));
    const ask = (id: string, states: Record<string, JobState>) => verdict(planned.jobs.find((one) => one.id === id)!, board({ ...all, ...states }));
    expect(ask(`Upgrade/${cp2}`, { [`Remove/${cp1}`]: 'running' })).toEqual({ go: false, blocked: false, reason: `${cp1} leaves` });
    expect(ask(`Upgrade/${cp2}`, { [`Remove/${cp1}`]: 'failed' })).toMatchObject({ go: false, blocked: true });
    expect(ask(`Remove/${cp1}`, { [`Bootstrap/${w1}/names`]: 'running' })).toMatchObject({ go: false });
    expect(ask(`Remove/${cp1}`, { [`MirrorRegistry/${cp2}`]: 'running' })).toMatchObject({ go: false });
    expect(ask(`Remove/${cp1}`, { [`Upgrade/${cp2}`]: 'pending' })).toEqual({ go: true });
  });

  test('never where etcd would lose its majority, and not the last one', () => {
    const ill = { etcd: [cp1, cp2, cp3].map((address) => ({ name: address, address, healthy: address !== cp1 })) };
    expect(plan([host(cp1, target), stuck(cp2), host(cp3), host(w1)], without(cp2), ill).problems).toMatchObject([{ type: 'UnsafePlan', message: expect.stringContaining('fewer than a majority') as string }]);
    const two = plan([away(cp1), stuck(cp2), host(cp3), host(w1)], without(cp2));
    expect(two.problems).toMatchObject([{ type: 'UnsafePlan', message: expect.stringContaining(`${cp1} cannot be reached`) as string }]);
    expect(plan([stuck(cp1), stuck(cp2), stuck(cp3), host(w1)], without(cp1, cp2, cp3)).jobs).toEqual([]);
  });

  test('the last that would have brought the addons: they come by themselves, before the workers, and the registry keeps the former images until then', () => {
    const facts = [host(cp1, target), host(cp2, target), host(cp3), host(w1)];
    expect(order(plan(facts, without(cp3), { addons: old }))).toEqual([`Remove/${cp3}`, `Upgrade/${cp1}/addons`, `Upgrade/${w1}`]);
    expect(order(plan(facts, spec, { addons: old }))).toEqual([`Upgrade/${cp3}`, `Upgrade/${w1}`]);
    const { jobs } = plan([host(cp1, target), host(cp2, target), host(cp3), host(w1, target)], without(cp3), { addons: old });
    expect(jobs.map(({ id }) => id).filter((id) => /Remove|Upgrade|MirrorRegistry/.test(id))).toEqual([`MirrorRegistry/${cp1}`, `Remove/${cp3}`, `Upgrade/${cp1}/addons`, `MirrorRegistry/${cp1}/trim`]);
    const left = clusterFacts(without(cp3).hosts, done)!;
    const later = [...facts.filter((one) => one.host !== cp3), bareFacts(cp3)];
    expect(order(plan(later, without(cp3), { ...left, addons: old }))).toEqual([`Upgrade/${cp1}/addons`, `Upgrade/${w1}`]);
    expect(order(plan(later, without(cp3), { ...left, addons: target }))).toEqual([`Upgrade/${w1}`]);
  });
});
