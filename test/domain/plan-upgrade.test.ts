import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import type { HostFacts } from '../../domain/facts';
import { marks } from '../../domain/marks';
import { planCluster } from '../../domain/plan';
import { aCluster, allMarks, anImage, bareFacts, clusterFacts, someImages } from '../fixtures';

const [cp1, cp2, cp3, w1] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const [old, target] = ['v1.34.2', 'v1.35.4'] as const;
const images = [anImage('kubernetes:v1.35.4', 'rootfs', { version: target }), ...someImages().slice(1)];
const spec = aCluster(3, 1);
const done = allMarks(spec);

/** A host of the cluster by the version of its kubelet and that of its static pods. */
const host = (id: string, kubelet: string = old, pods = kubelet, more: string[] = []): HostFacts =>
  bareFacts(id, { done: [...done[id]!, ...more], joined: true, kubeletVersion: kubelet, ...(id === w1 ? {} : { controlPlaneVersion: pods }) });
const ids = (facts: HostFacts[], wanted: ClusterSpec = spec): string[] => planCluster({
  spec: wanted, images, problems: [], facts, cluster: clusterFacts(spec.hosts, done)!, last: { conditions: [], hostKeys: {}, images: [], created: true, leader: cp1 },
}).jobs.filter(({ stage }) => stage === 'Upgrade').map(({ id }) => id);

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
