import fc from 'fast-check';
import type { ClusterSpec } from '../../domain/cluster';
import { type HostFacts, unreachable } from '../../domain/facts';
import { normalAddress } from '../../domain/ip-range';
import { marks } from '../../domain/marks';
import { planCluster } from '../../domain/plan';
import { aCluster, aHost, allMarks, anImage, bareFacts, clusterFacts, someImages } from '../fixtures';

const images = someImages();
const plan = (spec = aCluster(1, 2), done: Record<string, string[]> = {}, force = false) => {
  const cluster = clusterFacts(spec.hosts, done);
  return planCluster({ spec, images, problems: [], force, facts: spec.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [] })), ...(cluster ? { cluster } : {}) });
};
const allDone = (spec = aCluster(1, 2)) => allMarks(spec, images);

test('bare hosts get every stage, the pod network right after init', () => {
  expect(plan().jobs.map(({ id }) => id)).toEqual([
    'RunConfig', 'MountRootfs/10.0.0.1', 'MountRootfs/10.0.0.2', 'MountRootfs/10.0.0.3', 'MirrorRegistry/10.0.0.1',
    'Bootstrap/10.0.0.1', 'Bootstrap/10.0.0.2', 'Bootstrap/10.0.0.3', 'Init/10.0.0.1', 'Join/10.0.0.2', 'Join/10.0.0.3',
    'RunGuest/10.0.0.1/flannel', 'RunGuest/10.0.0.1/web', 'PostProcess',
  ]);
});

test('a converged cluster has nothing to do', () => {
  expect(plan(aCluster(1, 2), allDone()).jobs).toEqual([]);
});

test('an address is the same however the Clusterfile writes it', () => {
  const spec = aCluster(1, 0, { hosts: [aHost('FD00:0::1', 'master'), aHost('fd00:0::2')] });
  const done = allMarks(spec, images);
  const cluster = clusterFacts(spec.hosts, done)!;
  // As Kubernetes and etcd write it.
  const written = <T extends { readonly address: string }>(all: readonly T[]): T[] => all.map((one) => ({ ...one, address: normalAddress(one.address) }));
  const { jobs, problems } = planCluster({
    spec, images, problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id, { done: done[id]! })), cluster: { ...cluster, nodes: written(cluster.nodes), etcd: written(cluster.etcd) },
    last: { conditions: [], hostKeys: {}, images: [], created: true },
  });
  expect([jobs.map(({ id, reason }) => `${id}: ${reason}`), problems]).toEqual([[], []]);
});

test('a changed Config document brings the files again, and only them', () => {
  const spec = aCluster(1, 2, { configs: [{ name: 'c', path: 'etc/x', strategy: 'override', data: 'x' }] });
  expect(plan(spec, allDone()).jobs.map(({ stage }) => stage)).toEqual(['RunConfig', 'MountRootfs', 'MountRootfs', 'MountRootfs', 'PostProcess']);
});

test('force runs the commands of images again, and nothing else', () => {
  expect(plan(aCluster(1, 2), allDone(), true).jobs.map(({ id }) => id)).toEqual(['RunConfig', 'RunGuest/10.0.0.1/flannel', 'RunGuest/10.0.0.1/web', 'PostProcess']);
});

test('a plan with an error has no jobs', () => {
  const spec = aCluster(1, 0);
  const refused = planCluster({ spec, images, facts: [bareFacts('10.0.0.1')], problems: [{ severity: 'error', type: 'PreflightFailed', message: 'x' }] });
  expect(refused.jobs).toEqual([]);
});

test('the hash ignores what changes by itself', () => {
  const spec = aCluster(1, 0);
  const hash = (more: object) => planCluster({ spec, images, problems: [], facts: [bareFacts('10.0.0.1', more)] }).hash;
  expect(hash({ clockSkewMs: 1, freeBytes: { '/': 5 } })).toBe(hash({ clockSkewMs: 900, freeBytes: { '/': 7 } }));
});

test('whatever was done already, a plan never does it again and doing the rest leaves nothing', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.infiniteStream(fc.boolean()), (masters, nodes, coin) => {
    const spec = aCluster(masters, nodes);
    const full = allDone(spec);
    const part = Object.fromEntries(Object.entries(full).map(([id, list]) => [id, list.filter(() => coin.next().value)]));
    const jobs = plan(spec, part).jobs;
    for (const { id, stage, host } of jobs) {
      if (id === `Bootstrap/${host!}`) expect(part[host!]!.filter(marks.isPrepared)).toEqual([]);
      if (stage === 'Init') expect(Object.values(part).flat()).not.toContain(marks.init);
    }
    expect(plan(spec, full).jobs).toEqual([]);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
  }));
});

describe('a host that is prepared', () => {
  const preparedBy = (of = images, spec = aCluster(1, 2)): string => marks.bootstrap(spec, of, spec.hosts[2]!);
  const former = preparedBy([anImage('kubernetes', 'rootfs', { digest: 'sha256:former' })]);
  const variable = [{ name: 'criData', value: '/mnt' }];
  const told = [
    ['variables of the cluster', aCluster(1, 2, { env: variable })],
    ['variables of its own', aCluster(1, 2, { hosts: aCluster(1, 2).hosts.map((host) => ({ ...host, env: variable })) })],
    ['Config documents', aCluster(1, 2, { configs: [{ name: 'c', path: 'etc/x', strategy: 'override' as const, data: 'x' }] })],
  ] as const;
  /** All is done, and each host bears this in the place of the mark of its own images. */
  const withMark = (mark: string) => Object.fromEntries(Object.entries(allDone()).map(([id, list]) => [id, list.map((one) => (marks.isPrepared(one) ? mark : one))]));

  test.each([['an earlier version or an adoption', marks.prepared], ['a former image', former], ['other variables', preparedBy(images, told[0][1])]])('by %s, and has joined, is not touched', (_what, mark) => {
    expect(plan(aCluster(1, 2), withMark(mark)).jobs).toEqual([]);
  });

  /** What is planned for a host that bears this and has not joined. */
  const unjoined = (mark: string): string[] => {
    const done = { ...allDone(), '10.0.0.3': withMark(mark)['10.0.0.3']!.filter((one) => !one.startsWith('join:')) };
    return plan(aCluster(1, 2), done).jobs.map(({ id, reason }) => (id.startsWith('Bootstrap') ? `${id}: ${reason}` : id));
  };

  test('by a former image, and has not joined, is prepared anew before it joins', () => {
    expect(unjoined(former)).toEqual(['RunConfig', 'Bootstrap/10.0.0.3: prepared with other images', 'Join/10.0.0.3', 'PostProcess']);
  });

  test.each(told)('with other %s, and has not joined, is prepared anew before it joins', (_what, spec) => {
    expect(preparedBy(images, spec).length).toBeLessThan(60);
    expect(unjoined(preparedBy(images, spec))).toEqual(['RunConfig', 'Bootstrap/10.0.0.3: prepared with other variables or Config documents', 'Join/10.0.0.3', 'PostProcess']);
  });

  test('by its own images, or by an earlier version that did not note which, or not with what, joins as it is', () => {
    for (const mark of [preparedBy(), marks.bootstrapWith(images), marks.prepared]) expect(unjoined(mark)).toEqual(['RunConfig', 'Join/10.0.0.3', 'PostProcess']);
  });

  test('is prepared for the application images that come, too', () => {
    const shop = anImage('shop', 'application');
    const onlyForIt = aCluster(1, 2, { configs: [{ name: 'c', path: 'etc/x', strategy: 'override', data: 'x', match: shop.ref }] });
    expect(preparedBy([...images, shop], onlyForIt)).toBe(preparedBy());
    expect(preparedBy([...images, anImage('lvm', 'patch')])).not.toBe(preparedBy());
  });
});

test('a leader that answers and was never noted as made is made to its end, and does not join itself', () => {
  const spec = aCluster(1, 1);
  const done = allMarks(spec, images);
  const cluster = clusterFacts(spec.hosts, done)!;
  const bare = (id: string) => bareFacts(id, { done: [] });
  const ids = (last?: { created: boolean }) => planCluster({
    spec, images, problems: [], facts: spec.hosts.map(({ id }) => bare(id)), cluster, ...(last ? { last: { conditions: [], hostKeys: {}, images: [], ...last } } : {}),
  }).jobs.map(({ id }) => id).filter((id) => /^(Init|Join)/.test(id));
  expect(ids()).toEqual(['Init/10.0.0.1', 'Join/10.0.0.2']);
  expect(ids({ created: true })).toEqual(['Init/10.0.0.1', 'Join/10.0.0.2']);
});

describe('a new machine at the address of a dead etcd member (peers.md #17)', () => {
  const spec = aCluster(3, 0);
  const [, , fresh] = spec.hosts;
  const done = { ...allMarks(spec, images), [fresh!.id]: [] };
  const cluster = clusterFacts(spec.hosts, allMarks(spec, images))!;
  const etcd = cluster.etcd.map((member) => (member.address === fresh!.address ? { ...member, id: '8e9e05c52164694d', healthy: false } : member));
  const ask = ({ created = true, facts = {}, wanted = spec }: { created?: boolean; facts?: Partial<HostFacts>; wanted?: ClusterSpec } = {}) => planCluster({
    spec: wanted, images, problems: [], last: { conditions: [], hostKeys: {}, images: [], created }, cluster: { ...cluster, etcd },
    facts: wanted.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [], ...(id === fresh!.id ? facts : {}) })),
  });

  test('the member leaves first, by a person\'s word, who is told its id, and then the machine joins', () => {
    const { jobs, problems, approvals } = ask();
    expect(problems).toEqual([]);
    const [leaves, joins] = [`Remove/${fresh!.id}/${fresh!.address}`, `Join/${fresh!.id}`].map((id) => jobs.findIndex((job) => job.id === id));
    expect(leaves).toBeGreaterThanOrEqual(0);
    expect(joins).toBeGreaterThan(leaves!);
    expect(approvals).toEqual([{ kind: 'removeControlPlane', reason: `${fresh!.address}: the etcd member 8e9e05c52164694d at ${fresh!.address} is dead and belongs to no control plane` }]);
  });

  test('nobody is asked where the Policy wants no word, and in a cluster that never came up', () => {
    expect(ask({ wanted: { ...spec, policy: { ...spec.policy, approve: { ...spec.policy.approve, removeControlPlane: false } } } }).approvals).toEqual([]);
    expect(ask({ created: false }).approvals).toEqual([]);
  });

  test('what a join of ours has left on this very host goes without a word', () => {
    const { jobs, approvals } = ask({ facts: { claim: { cluster: spec.name, uid: 'u' } } });
    expect(jobs.map(({ id }) => id)).toContain(`Remove/${fresh!.id}/${fresh!.address}`);
    expect(approvals).toEqual([]);
  });

  test('another member that is ill stays: nobody joins beside it', () => {
    const wider = aCluster(4, 0);
    const ill = etcd.map(({ id: _id, ...member }) => ({ ...member, healthy: member.address !== '10.0.0.2' }));
    const marked: Record<string, string[]> = { ...allMarks(spec, images), '10.0.0.4': [] };
    const { problems } = planCluster({
      spec: wider, images, problems: [], cluster: { ...cluster, etcd: ill }, last: { conditions: [], hostKeys: {}, images: [], created: true },
      facts: wider.hosts.map(({ id }) => bareFacts(id, { done: marked[id] ?? [] })),
    });
    expect(problems).toMatchObject([{ type: 'UnsafePlan', message: expect.stringContaining('10.0.0.4 cannot join while the etcd member at 10.0.0.2 is not healthy') as string }]);
  });
});

test('nobody joins a cluster of which no control plane can be reached: there is none to speak through', () => {
  const [gone, fresh] = aCluster(2, 0).hosts;
  const ask = (facts: HostFacts) => planCluster({
    spec: aCluster(1, 0, { hosts: [fresh!] }), images, problems: [], silent: true, leaving: [gone!], forget: [gone!.id],
    last: { conditions: [], hostKeys: {}, images: [], created: true }, facts: [bareFacts(fresh!.id), facts],
  });
  const refused = ask(unreachable(gone!.id, { type: 'HostUnreachable', message: 'no route' }));
  expect(refused).toMatchObject({ jobs: [], problems: [{ type: 'UnsafePlan', message: `${fresh!.id} cannot join: no control plane of the cluster can be reached` }] });
});
