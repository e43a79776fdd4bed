import { leftOutOf } from '../../domain/left-out';
import { neededBy } from '../../domain/skip-rules';
import { aCluster, aHost, someImages } from '../fixtures';

const spec = aCluster(2, 2);
const needed = (job: Parameters<typeof neededBy>[0], leader = '10.0.0.1', of = spec, failed = 'CommandFailed') => neededBy(job, failed, { spec: of, images: someImages(), leader });

test('the registry is where the leader is now, not where it was at first', () => {
  const join = (host: string) => ({ stage: 'Bootstrap', host } as const);
  expect(needed(join('10.0.0.1'))).toBe('all hosts pull from the registry on 10.0.0.1');
  expect(needed(join('10.0.0.2'), '10.0.0.2')).toBe('all hosts pull from the registry on 10.0.0.2');
  expect(needed(join('10.0.0.1'), '10.0.0.2')).toMatch(/is a control plane/);
});

test('a host with the role of a registry is needed, the leader as well', () => {
  const of = { ...spec, hosts: [...spec.hosts, aHost('10.0.0.9', 'node', { roles: ['node', 'registry'] })] };
  expect(needed({ stage: 'Join', host: '10.0.0.9' }, '10.0.0.2', of)).toMatch(/registry on 10.0.0.9/);
  expect(needed({ stage: 'Join', host: '10.0.0.2' }, '10.0.0.2', of)).toBe('the cluster is made through 10.0.0.2');
});

test('a worker is needed by nobody until it has joined', () => {
  expect(['Check', 'MountRootfs', 'Bootstrap', 'Join'].map((stage) => needed({ stage: stage as 'Join', host: '10.0.0.3' }))).toEqual([undefined, undefined, undefined, undefined]);
  expect(needed({ stage: 'Upgrade', host: '10.0.0.3' })).toBe('Upgrade has begun to change a member of the cluster');
});

test('where a host is left out that keeps its version, the images that it still pulls stay as well', () => {
  const job = (id: string) => ({ id, stage: id.split('/')[0] as 'Join', host: id.split('/')[1]! });
  const jobs = ['MountRootfs/w1', 'Upgrade/w1', 'Upgrade/w2', 'MirrorRegistry/cp/trim'].map(job);
  const out = (hosts: string[], of = jobs) => [...leftOutOf(of, { jobs: [], hosts })].map(({ id }) => id);
  expect(out(['w1'])).toEqual(['MountRootfs/w1', 'Upgrade/w1', 'MirrorRegistry/cp/trim']);
  expect(out([])).toEqual([]);
  expect(out(['w1'], jobs.filter(({ id }) => id !== 'Upgrade/w1'))).toEqual(['MountRootfs/w1']);
});

test('a worker whose upgrade has given it back as it was can wait for the next one; a control plane, or one that leaves, cannot', () => {
  const failed = (stage: 'Upgrade' | 'Remove', host: string, why: string) => needed({ stage, host }, '10.0.0.1', spec, why);
  expect(['DrainBlocked', 'RolledBack'].map((why) => failed('Upgrade', '10.0.0.3', why))).toEqual([undefined, undefined]);
  expect(failed('Upgrade', '10.0.0.3', 'CommandTimedOut')).toMatch(/has begun to change/);
  expect(failed('Upgrade', '10.0.0.2', 'RolledBack')).toMatch(/control plane/);
  expect(failed('Remove', '10.0.0.9', 'DrainBlocked')).toBe('the cluster is to be without 10.0.0.9');
});
