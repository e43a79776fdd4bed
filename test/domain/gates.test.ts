import { type Board, verdict } from '../../domain/gates';
import { marks } from '../../domain/marks';
import { planCluster } from '../../domain/plan';
import type { JobState } from '../../domain/status';
import { aCluster, bareFacts, someImages } from '../fixtures';

const spec = aCluster(3, 2);
const { jobs } = planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id)) });
const early = jobs.find(({ id }) => id.endsWith('/flannel'))?.image;

/** The verdict on a job while the named ones are in these states and all others are pending. */
function ask(id: string, states: Record<string, JobState> = {}) {
  const board: Board = {
    jobs, stateOf: (job) => states[job.id] ?? 'pending',
    isControlPlane: (host) => spec.hosts.slice(0, 3).some((one) => one.id === host), isEarly: ({ image }) => image === early,
  };
  const job = jobs.find((one) => one.id === id);
  if (!job) throw new Error(`no job ${id} among ${jobs.map((one) => one.id).join(', ')}`);
  return verdict(job, board);
}

const done = (...ids: string[]): Record<string, JobState> => Object.fromEntries(ids.map((id) => [id, 'done' as const]));
const configured = ['RunConfig'];
const ready = (at: number) => [...configured, `MountRootfs/10.0.0.${at}`, 'MountRootfs/10.0.0.1', 'MirrorRegistry/10.0.0.1', `Bootstrap/10.0.0.${at}`];

test.each([
  ['RunConfig', []],
  ['MountRootfs/10.0.0.1', configured],
  ['MountRootfs/10.0.0.4', [...configured, 'MountRootfs/10.0.0.1']],
  ['MirrorRegistry/10.0.0.1', [...configured, 'MountRootfs/10.0.0.1']],
  ['Bootstrap/10.0.0.4', [...configured, 'MountRootfs/10.0.0.4', 'MirrorRegistry/10.0.0.1']],
  ['Init/10.0.0.1', ready(1)],
  ['Join/10.0.0.2', [...ready(2), 'Init/10.0.0.1']],
  ['Join/10.0.0.3', [...ready(3), 'Init/10.0.0.1', 'Join/10.0.0.2']],
  ['Join/10.0.0.4', [...ready(4), 'Init/10.0.0.1']],
  ['RunGuest/10.0.0.1/flannel', [...ready(1), 'Init/10.0.0.1']],
])('%s starts when these are done: %j', (id, needed) => {
  expect(ask(id, done(...needed))).toEqual({ go: true });
});

test.each([
  ['MountRootfs/10.0.0.4', [], 'RunConfig', 'the configuration is merged'],
  ['Bootstrap/10.0.0.4', [...configured, 'MountRootfs/10.0.0.4'], 'MirrorRegistry/10.0.0.1', 'the registry on 10.0.0.1 serves'],
  ['Bootstrap/10.0.0.4', [...configured, 'MirrorRegistry/10.0.0.1'], 'MountRootfs/10.0.0.4', 'MountRootfs of this host'],
  ['Init/10.0.0.1', configured, 'Bootstrap/10.0.0.1', 'Bootstrap of this host'],
  ['Join/10.0.0.4', ready(4), 'Init/10.0.0.1', 'the API answers on 10.0.0.1'],
  ['Join/10.0.0.3', [...ready(3), 'Init/10.0.0.1'], 'Join/10.0.0.2', 'control plane 10.0.0.2 joins: etcd takes one at a time'],
] as const)('%s waits in words, and is blocked when %3$s has failed', (id, before, needed, reason) => {
  expect(ask(id, done(...before))).toEqual({ go: false, blocked: false, reason });
  expect(ask(id, { ...done(...before), [needed]: 'running' })).toEqual({ go: false, blocked: false, reason });
  expect(ask(id, { ...done(...before), [needed]: 'failed' })).toEqual({ go: false, blocked: true, reason });
  expect(ask(id, { ...done(...before), [needed]: 'blocked' })).toEqual({ go: false, blocked: true, reason });
});

test('the first control plane gets its files first, for everybody waits for it; its failure holds up nobody', () => {
  const first = (state: JobState) => ask('MountRootfs/10.0.0.4', { ...done(...configured), 'MountRootfs/10.0.0.1': state });
  for (const state of ['pending', 'running'] as const) expect(first(state)).toEqual({ go: false, blocked: false, reason: 'the files of 10.0.0.1 go first' });
  for (const state of ['failed', 'blocked', 'skipped'] as const) expect(first(state)).toEqual({ go: true });
});

describe('a failed worker', () => {
  const others = done(...ready(5), 'MountRootfs/10.0.0.4', 'Init/10.0.0.1');

  test('holds up no other host', () => {
    expect(ask('Join/10.0.0.5', { ...others, 'Bootstrap/10.0.0.4': 'failed' })).toEqual({ go: true });
    expect(ask('Join/10.0.0.4', { ...others, 'Bootstrap/10.0.0.4': 'failed' })).toMatchObject({ go: false, blocked: true });
  });

  test('does not keep applications from running once every join is settled', () => {
    const joined = done(...ready(1), 'Init/10.0.0.1', 'Join/10.0.0.2', 'Join/10.0.0.3', 'Join/10.0.0.5', 'RunGuest/10.0.0.1/flannel');
    expect(ask('RunGuest/10.0.0.1/web', { ...joined, 'Join/10.0.0.4': 'running' })).toEqual({ go: false, blocked: false, reason: '10.0.0.4 joins' });
    expect(ask('RunGuest/10.0.0.1/web', { ...joined, 'Join/10.0.0.4': 'failed' })).toEqual({ go: true });
    expect(ask('RunGuest/10.0.0.1/web', { ...joined, 'Join/10.0.0.4': 'blocked' })).toEqual({ go: true });
  });
});

test('a failed control plane keeps the next one out, and no worker', () => {
  const states: Record<string, JobState> = { ...done(...ready(3), ...ready(4), 'Init/10.0.0.1'), 'Join/10.0.0.2': 'failed' };
  expect(ask('Join/10.0.0.3', states)).toMatchObject({ go: false, blocked: true });
  expect(ask('Join/10.0.0.4', states)).toEqual({ go: true });
});

test('the pod network waits for no join, an application for the pod network', () => {
  const states = done(...ready(1), 'Init/10.0.0.1', 'Join/10.0.0.2', 'Join/10.0.0.3', 'Join/10.0.0.4', 'Join/10.0.0.5');
  expect(ask('RunGuest/10.0.0.1/flannel', done(...ready(1), 'Init/10.0.0.1'))).toEqual({ go: true });
  expect(ask('RunGuest/10.0.0.1/web', states)).toEqual({ go: false, blocked: false, reason: 'RunGuest of this host' });
});

describe('an upgrade', () => {
  const version = (host: string) => ({ done: [host === '10.0.0.1' ? marks.init : Number(host.split('.')[3]) <= 3 ? marks.joinControlPlane : 'join:worker-1'], joined: true, kubeletVersion: 'v1.33.13' });
  const upgrade = planCluster({ spec, images: someImages(), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id, version(id))) }).jobs;
  const may = (id: string, states: Record<string, JobState>, workersAway = 1) => {
    const board: Board = {
      jobs: upgrade, stateOf: (job) => states[job.id] ?? 'pending', workersAway: () => workersAway,
      isControlPlane: (host) => spec.hosts.slice(0, 3).some((one) => one.id === host), isEarly: () => false,
    };
    return verdict(upgrade.find((one) => one.id === id)!, board);
  };
  const others: Record<string, JobState> = Object.fromEntries(upgrade.filter(({ stage, from }) => stage !== 'Upgrade' || from === undefined).map(({ id }) => [id, 'done']));
  const control = done('Upgrade/10.0.0.1', 'Upgrade/10.0.0.2', 'Upgrade/10.0.0.3');

  test('begins with the etcd snapshot: without one no host is upgraded', () => {
    for (const id of [1, 2, 3, 4].map((at) => `Upgrade/10.0.0.${at}`)) {
      const but = (state: JobState) => may(id, { ...others, ...(id === 'Upgrade/10.0.0.1' ? {} : control), 'Upgrade/10.0.0.1/snapshot': state });
      expect(but('running')).toMatchObject({ go: false, blocked: false });
      expect(but('failed')).toMatchObject({ go: false, blocked: true });
    }
    expect(may('Upgrade/10.0.0.1/snapshot', { ...others, 'MirrorRegistry/10.0.0.1': 'running' })).toMatchObject({ go: false, blocked: false });
    expect(may('Upgrade/10.0.0.1/snapshot', others)).toEqual({ go: true });
  });

  test('begins when the registry serves both versions, and takes control planes one by one, the leader first', () => {
    expect(may('Upgrade/10.0.0.1', { ...others, 'MirrorRegistry/10.0.0.1': 'running' })).toMatchObject({ go: false, blocked: false });
    expect(may('Upgrade/10.0.0.1', others)).toEqual({ go: true });
    expect(may('Upgrade/10.0.0.2', { ...others, 'Upgrade/10.0.0.1': 'running' })).toMatchObject({ go: false, blocked: false, reason: 'control plane 10.0.0.1 is upgraded' });
    expect(may('Upgrade/10.0.0.3', { ...others, ...done('Upgrade/10.0.0.1'), 'Upgrade/10.0.0.2': 'failed' })).toMatchObject({ go: false, blocked: true });
  });

  test('ends with the images of the former version, when the last host is upgraded: whoever is not still pulls them', () => {
    const last = 'MirrorRegistry/10.0.0.1/trim';
    const all = { ...others, ...control, ...done('Upgrade/10.0.0.4', 'Upgrade/10.0.0.5') };
    expect(may(last, { ...all, 'Upgrade/10.0.0.5': 'running' })).toEqual({ go: false, blocked: false, reason: '10.0.0.5 is upgraded' });
    expect(may(last, { ...all, 'Upgrade/10.0.0.5': 'failed' })).toMatchObject({ go: false, blocked: true });
    expect(may(last, all)).toEqual({ go: true });
    expect(may('PostProcess', { ...all, [last]: 'pending' })).toMatchObject({ go: false });
  });

  test('takes workers after all control planes, so many at once as may be away', () => {
    expect(may('Upgrade/10.0.0.4', { ...others, ...done('Upgrade/10.0.0.1', 'Upgrade/10.0.0.2') })).toMatchObject({ go: false });
    expect(may('Upgrade/10.0.0.4', { ...others, ...control })).toEqual({ go: true });
    expect(may('Upgrade/10.0.0.5', { ...others, ...control, 'Upgrade/10.0.0.4': 'running' })).toMatchObject({ go: false, blocked: false, reason: '10.0.0.4 is away, 1 at once' });
    expect(may('Upgrade/10.0.0.5', { ...others, ...control, 'Upgrade/10.0.0.4': 'running' }, 2)).toEqual({ go: true });
  });

  test('a worker that has failed counts as away: what does not work does not go on to the others', () => {
    expect(may('Upgrade/10.0.0.5', { ...others, ...control, 'Upgrade/10.0.0.4': 'failed' })).toMatchObject({ go: false, blocked: true, reason: 'the upgrade of 10.0.0.4 has failed' });
    expect(may('Upgrade/10.0.0.5', { ...others, ...control, 'Upgrade/10.0.0.4': 'failed' }, 2)).toEqual({ go: true });
  });
});
