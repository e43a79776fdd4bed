import type { ClusterSpec, JsonObject } from '../../domain/cluster';
import { type Board, verdict } from '../../domain/gates';
import { marks } from '../../domain/marks';
import { type PlanInput, planCluster } from '../../domain/plan';
import type { JobState } from '../../domain/status';
import { aCluster, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const images = someImages();
const [cp1, cp2, w1, w2] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const document = (more: JsonObject): JsonObject => ({ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', ...more });
const spec = (kubelet?: JsonObject): ClusterSpec => aCluster(2, 2, kubelet ? { kubeadm: { kubelet: document(kubelet) } } : {});
const jobsOf = (wanted: ClusterSpec, done: Record<string, string[]>, more: Partial<PlanInput> = {}) => planCluster({
  spec: wanted, images, problems: [], facts: wanted.hosts.map(({ id }) => bareFacts(id, { done: done[id] ?? [] })), cluster: clusterFacts(wanted.hosts, done)!, ...more,
}).jobs;
const settings = (...args: Parameters<typeof jobsOf>) => jobsOf(...args).filter(({ stage }) => stage === 'Settings');

test('a changed document reaches every host, the leader first, and workers last; nothing else is done to them', () => {
  const jobs = jobsOf(spec({ maxPods: 50 }), allMarks(spec()));
  expect(jobs.map(({ id }) => id)).toEqual(['RunConfig', ...[cp1, cp2, w1, w2].map((id) => `Settings/${id}/kubelet`), 'PostProcess']);
  expect(jobs[1]).toMatchObject({ stage: 'Settings', host: cp1, part: 'kubelet', reason: 'the KubeletConfiguration has changed' });
  const led = { conditions: [], hostKeys: {}, images: [], created: true, leader: cp2 };
  expect(settings(spec({ maxPods: 50 }), allMarks(spec(), images, cp2), { last: led }).map(({ host }) => host)).toEqual([cp2, cp1, w1, w2]);
});

test('with the marks of what is wanted there is nothing to do, however the document is written', () => {
  expect(jobsOf(spec({ maxPods: 50, featureGates: { A: true } }), allMarks(spec({ featureGates: { A: true }, maxPods: 50 })))).toEqual([]);
  expect(jobsOf(spec({}), allMarks(spec()))).toEqual([]);
});

test.each<[string, ClusterSpec, ClusterSpec]>([
  ['a field that is said no more', spec({ maxPods: 50 }), spec()],
  ['another value', spec({ maxPods: 50 }), spec({ maxPods: 51 })],
  ['a value below', spec({ evictionHard: { 'memory.available': '5%' } }), spec({ evictionHard: { 'memory.available': '6%' } })],
])('%s is a change', (_what, before, after) => {
  expect(settings(after, allMarks(before))).toHaveLength(4);
});

test('a host of a cluster that an older Keelson made is looked at once', () => {
  const old = Object.fromEntries(Object.entries(allMarks(spec())).map(([id, list]) => [id, list.filter((mark) => !mark.startsWith('settings-'))]));
  expect(settings(spec(), old).filter(({ part }) => part === 'kubelet').map(({ host, reason }) => [host, reason])).toEqual([cp1, cp2, w1, w2].map((id) => [id, 'it is not known with which KubeletConfiguration it runs: what differs is changed']));
});

test('who has not joined gets them when it joins, who is away is left out', () => {
  const done: Record<string, string[]> = { ...allMarks(spec()), [w1]: [] };
  expect(settings(spec({ maxPods: 50 }), done).map(({ host }) => host)).toEqual([cp1, cp2, w2]);
  const facts = spec().hosts.map(({ id }) => (id === w2 ? { ...bareFacts(id), reachable: false } : bareFacts(id, { done: done[id] ?? [] })));
  const last = { conditions: [], hostKeys: {}, images: [], created: true, leader: cp1 };
  expect(settings(spec({ maxPods: 50 }), done, { facts, last, cluster: clusterFacts(spec().hosts, allMarks(spec()))! }).map(({ host }) => host)).toEqual([cp1, cp2]);
});

describe('gates', () => {
  const wanted = spec({ maxPods: 50 });
  const old = allMarks(spec());
  const version = (id: string) => bareFacts(id, { done: old[id] ?? [], joined: true, ...(id === w1 ? { kubeletVersion: 'v1.33.13' } : { kubeletVersion: 'v1.34.2' }) });
  const ask = (jobs: ReturnType<typeof jobsOf>, id: string, states: Record<string, JobState>, workersAway = 1) => {
    const board: Board = {
      jobs, stateOf: (job) => states[job.id] ?? (['Settings', 'Upgrade', 'Join'].includes(job.stage) ? 'pending' : 'done'), workersAway: () => workersAway,
      isControlPlane: (host) => [cp1, cp2].some((one) => one === host), isEarly: () => false,
    };
    return verdict(jobs.find((one) => one.id === id)!, board);
  };
  const of = (...hosts: string[]): Record<string, JobState> => Object.fromEntries(hosts.map((host) => [`Settings/${host}/kubelet`, 'done']));
  const jobs = jobsOf(wanted, old);

  test('control planes go one by one, workers after them, so many at once as may be away', () => {
    expect(ask(jobs, `Settings/${cp1}/kubelet`, {})).toEqual({ go: true });
    expect(ask(jobs, `Settings/${cp2}/kubelet`, { [`Settings/${cp1}/kubelet`]: 'running' })).toMatchObject({ go: false, blocked: false });
    expect(ask(jobs, `Settings/${w1}/kubelet`, of(cp1))).toMatchObject({ go: false, blocked: false, reason: `control plane ${cp2} gets its settings` });
    expect(ask(jobs, `Settings/${w1}/kubelet`, of(cp1, cp2))).toEqual({ go: true });
    const busy = { ...of(cp1, cp2), [`Settings/${w1}/kubelet`]: 'running' as const };
    expect(ask(jobs, `Settings/${w2}/kubelet`, busy)).toMatchObject({ go: false, blocked: false, reason: `${w1} is away, 1 at once` });
    expect(ask(jobs, `Settings/${w2}/kubelet`, busy, 2)).toEqual({ go: true });
  });

  test('what does not work does not go on to the others', () => {
    expect(ask(jobs, `Settings/${w1}/kubelet`, { [`Settings/${cp1}/kubelet`]: 'failed' })).toMatchObject({ go: false, blocked: true });
    expect(ask(jobs, `Settings/${w2}/kubelet`, { ...of(cp1, cp2), [`Settings/${w1}/kubelet`]: 'failed' })).toMatchObject({ go: false, blocked: true, reason: `the change of settings of ${w1} has failed` });
  });

  test('all hosts are upgraded first, and who joins waits for the control planes', () => {
    const upgraded = jobsOf(wanted, old, { facts: wanted.hosts.map(({ id }) => version(id)) });
    expect(ask(upgraded, `Settings/${cp1}/kubelet`, {})).toMatchObject({ go: false, blocked: false, reason: `${w1} is upgraded` });
    const joins = jobsOf(wanted, { ...old, [w1]: [] });
    expect(ask(joins, `Join/${w1}`, of(cp1))).toMatchObject({ go: false, blocked: false, reason: `control plane ${cp2} gets its settings` });
    expect(ask(joins, `Join/${w1}`, of(cp1, cp2))).toEqual({ go: true });
  });
});

test('the marks of a part are told from those of others, and say nothing of who is asked', () => {
  const mark = marks.settings('kubelet', { kubelet: document({ maxPods: 50 }) });
  expect(mark).toMatch(/^settings-kubelet:[0-9a-f]{16}$/);
  expect(marks.settingsOf({ roles: ['node'] }, { kubelet: { maxPods: 50 } })).toContain(mark);
});
