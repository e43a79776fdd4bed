import { digestOf } from '../../domain/digest';
import { begin, type EntityState, finish, migrate, newEntity, viewOf } from '../../domain/entity';
import { admitAmend, admitApply, admitTask, answerFor, refuseTask } from '../../domain/requests';
import {
  admitPolicy, noted, refuseAmend, refuseApprove, refuseCancel, refusePause, refusePolicy, refuseResume, refuseRetry, refuseSkip, skippedBy,
} from '../../domain/hands';
import type { Waiting } from '../../domain/status';
import { aCluster } from '../fixtures';

const at = '2026-01-01T00:00:00.000Z';
const by = 'bo@desk';
const spec = aCluster(1, 2);
const fresh = migrate(newEntity('default'), () => 'uid-1');
const running = begin(admitApply(fresh, { requestId: 'r1', by: 'ana@laptop', spec, digest: digestOf(spec) }, at), at);
const waits = (waiting: Partial<Waiting>, joined: readonly string[] = []): EntityState =>
  ({ ...running, running: { ...running.running, joined, waiting: { reason: 'CommandFailed', message: 'it failed', since: at, ...waiting } } });
const failed = waits({ kind: 'failure', jobs: [
  { id: 'Join/10.0.0.2', stage: 'Join', host: '10.0.0.2', reason: 'CommandFailed', message: 'exit 1' },
  { id: 'RunGuest/10.0.0.1/web', stage: 'RunGuest', host: '10.0.0.1', image: 'web', reason: 'CommandFailed', message: 'exit 1' },
  { id: 'Init/10.0.0.1', stage: 'Init', host: '10.0.0.1', reason: 'CommandFailed', message: 'exit 1', needed: 'the cluster is made through 10.0.0.1' },
] });
const asking = waits({ kind: 'approval', reason: 'NeedsApproval', planHash: 'abc' });
const paused: EntityState = { ...running, paused: { by: 'ana@laptop', at } };
const rests = finish(running, { outcome: 'Success', message: '', record: { conditions: [], hostKeys: {}, images: [], created: true } }, at);

describe('a word of nobody is refused', () => {
  const nobody = { by: ' ' };
  test.each([
    ['approve', () => refuseApprove(asking, { ...nobody, planHash: 'abc' })],
    ['pause', () => refusePause(running, nobody)],
    ['resume', () => refuseResume(paused, nobody)],
    ['retry', () => refuseRetry(failed, nobody)],
    ['skip', () => refuseSkip(failed, { ...nobody, host: '10.0.0.2' })],
    ['cancel', () => refuseCancel(running, nobody)],
    ['amend', () => refuseAmend(failed, { ...nobody, requestId: 'r2', spec, digest: digestOf(spec), base: digestOf(spec) })],
    ['policy', () => refusePolicy(running, { ...nobody, policy: spec.policy, base: digestOf(spec) })],
    ['task', () => refuseTask(rests, { ...nobody, requestId: 'r2', task: { kind: 'verify' } })],
  ])('%s', (_what, refuse) => {
    expect(refuse()).toMatchObject({ type: 'InvalidSpec', message: expect.stringContaining('nobody is named') });
  });
});

describe('an approval', () => {
  test('of the plan that waits is taken', () => {
    expect(refuseApprove(asking, { by, planHash: 'abc' })).toBeUndefined();
  });

  test.each([
    ['a stale plan', asking, 'old', 'UnsafePlan', 'the plan that waits is abc, not old'],
    ['no plan', asking, '', 'UnsafePlan', 'not a plan without a hash'],
    ['an operation that waits for none', failed, 'abc', 'InvalidSpec', 'no plan of cluster default waits'],
    ['an operation that runs', running, 'abc', 'InvalidSpec', 'no plan of cluster default waits'],
    ['a cluster that rests', rests, 'abc', 'InvalidSpec', 'no plan of cluster default waits'],
  ])('of %s is refused', (_what, state, planHash, type, words) => {
    expect(refuseApprove(state, { by, planHash })).toMatchObject({ type, message: expect.stringContaining(words) });
  });
});

describe('a pause', () => {
  test('is taken by a cluster that runs, waits or rests, once', () => {
    for (const state of [running, failed, rests]) expect(refusePause(state, { by })).toBeUndefined();
    expect(refusePause(paused, { by })?.message).toBe(`cluster default is paused by ana@laptop since ${at}`);
    expect(refusePause(fresh, { by })?.message).toBe('there is no cluster default');
  });

  test('ends once', () => {
    expect(refuseResume(paused, { by })).toBeUndefined();
    expect(refuseResume(running, { by })?.message).toBe('cluster default is not paused');
  });

  test('outlasts the operation, and the view shows it', () => {
    const ended = finish(paused, { outcome: 'Success', message: '', record: rests.current }, at);
    expect(viewOf(ended).paused).toEqual({ by: 'ana@laptop', at });
  });

  test('is no time for a retry', () => {
    expect(refuseRetry({ ...failed, paused: { by: 'ana@laptop', at } }, { by })).toMatchObject({ type: 'ClusterBusy', details: { todo: '`keelson resume default` first' } });
  });
});

describe('a retry', () => {
  test('of all, or of a host that failed, is taken', () => {
    expect(refuseRetry(failed, { by })).toBeUndefined();
    expect(refuseRetry(failed, { by, host: '10.0.0.2' })).toBeUndefined();
  });

  test.each([
    ['a host that did not fail', failed, { host: '10.0.0.3' }, 'nothing failed on 10.0.0.3; failed are: Join/10.0.0.2, RunGuest/10.0.0.1/web, Init/10.0.0.1'],
    ['what runs', running, {}, 'nothing of cluster default waits for a word'],
    ['a plan that waits for approval', asking, {}, 'a plan waits for approval, which a retry is not'],
  ])('of %s is refused', (_what, state, more, words) => {
    expect(refuseRetry(state, { by, ...more })?.message).toBe(words);
  });
});

describe('a skip', () => {
  test('names jobs by host, by image, or by both', () => {
    expect(skippedBy(failed, { by, host: '10.0.0.2' }).map(({ id }) => id)).toEqual(['Join/10.0.0.2']);
    expect(skippedBy(failed, { by, image: 'web' }).map(({ id }) => id)).toEqual(['RunGuest/10.0.0.1/web']);
    expect(refuseSkip(failed, { by, host: '10.0.0.2' })).toBeUndefined();
    expect(refuseSkip(failed, { by, image: 'web', host: '10.0.0.1' })).toBeUndefined();
  });

  test.each([
    ['what others need', failed, { host: '10.0.0.1' }, 'Init/10.0.0.1 cannot be left out: the cluster is made through 10.0.0.1'],
    ['nothing in particular', failed, {}, 'say what is left out'],
    ['what did not fail', failed, { host: '10.0.0.3' }, 'nothing failed on 10.0.0.3; failed are: Join/10.0.0.2'],
    ['an image that did not fail', failed, { image: 'db' }, 'nothing failed of db'],
    ['what runs', running, { host: '10.0.0.2' }, 'nothing of cluster default has failed'],
  ])('of %s is refused', (_what, state, more, words) => {
    expect(refuseSkip(state, { by, ...more })?.message).toContain(words);
  });
});

describe('an amendment', () => {
  const amend = (after: typeof spec, base = digestOf(spec)) => ({ requestId: 'r2', by, spec: after, digest: digestOf(after), base });
  const password = { ...spec, credentials: { default: { user: 'root', password: 'sealed:v1:k:fp:n:x' } } };
  const moved = { ...spec, hosts: spec.hosts.map((host) => (host.id === '10.0.0.2' ? { ...host, id: '10.0.0.9', address: '10.0.0.9' } : host)) };
  const image = { ...spec, images: ['kubernetes', 'flannel', 'web:2'] };

  test.each([['a password', password], ['an address', moved], ['an image', image]])('of %s is taken by an operation that waits', (_what, after) => {
    expect(refuseAmend(failed, amend(after))).toBeUndefined();
    const state = admitAmend(failed, amend(after), at);
    expect(state).toMatchObject({ desired: { digest: digestOf(after), by }, running: { digest: digestOf(after) } });
    expect(answerFor(state, 'r2')).toEqual({ operation: 'init-1', workflowId: 'cluster/default/init-1', attached: true });
  });

  test('of a login is taken by a cluster that rests, which is then looked at with it', () => {
    expect(refuseAmend(rests, amend(password))).toBeUndefined();
    expect(answerFor(admitAmend(rests, amend(password), at), 'r2')).toMatchObject({ operation: 'reconcile-2', attached: false });
  });

  test('is the desired state, so that the same apply attaches', () => {
    const state = admitAmend(failed, amend(password), at);
    expect(admitApply(state, { requestId: 'r3', by, spec: password, digest: digestOf(password) }, at).next).toBeUndefined();
  });

  test.each([
    ['while the operation is at work', running, amend(password), 'ClusterBusy', 'amended is only what waits, or rests'],
    ['made from another state', failed, amend(password, 'stale'), 'ClusterBusy', 'read it again'],
    ['that changes nothing', failed, amend(spec), 'InvalidSpec', 'nothing is changed'],
    ['that adds a host', failed, amend(aCluster(1, 3)), 'InvalidSpec', 'changes logins, host keys, ports, addresses and images'],
    ['that changes a role', failed, amend({ ...spec, hosts: spec.hosts.map((host) => ({ ...host, roles: ['master'] })) }), 'InvalidSpec', 'keeps roles'],
    ['of the address of a member', waits({}, ['10.0.0.2']), amend(moved), 'InvalidSpec', 'the host has joined'],
    ['of an image on a cluster that rests', rests, amend(image), 'InvalidSpec', 'no operation waits for web:2'],
    ['of an address on a cluster that rests', rests, amend(moved), 'InvalidSpec', 'the host has joined'],
    ['of a cluster that is not there', fresh, amend(password), 'InvalidSpec', 'there is no cluster'],
    ['that came damaged', failed, { ...amend(password), digest: 'x' }, 'InvalidSpec', 'damaged on the way'],
  ])('%s is refused', (_what, state, request, type, words) => {
    expect(refuseAmend(state, request)).toMatchObject({ type, message: expect.stringContaining(words) });
  });
});

test('a policy counts for what is wanted from now on, and one that is wrong is refused', () => {
  const policy = { ...spec.policy, upgrade: { maxUnavailable: '2' } };
  expect(refusePolicy(running, { by, policy, base: digestOf(spec) })).toBeUndefined();
  expect(admitPolicy(running, { by, policy }, at).desired?.spec.policy.upgrade.maxUnavailable).toBe('2');
  expect(refusePolicy(running, { by, policy: { ...policy, parallel: 0 }, base: digestOf(spec) })).toMatchObject({ type: 'InvalidSpec' });
  expect(refusePolicy(running, { by, policy, base: 'stale' })).toMatchObject({ type: 'ClusterBusy' });
});

test('what is changed in a state of before specs were counted is another generation than the one that is shown', () => {
  const { generation: _none, ...uncounted } = rests.desired!;
  const old = { ...rests, desired: uncounted };
  expect(viewOf(old).generation).toBe(1);
  expect(viewOf(admitPolicy(old, { by, policy: { ...spec.policy, parallel: 3 } }, at)).generation).toBe(2);
});

describe('a task', () => {
  const task = { kind: 'verify' } as const;

  test('is an operation with the name of its kind', () => {
    expect(refuseTask(rests, { requestId: 't1', by, task })).toBeUndefined();
    const state = begin(admitTask(rests, { requestId: 't1', by, task }, at), at);
    expect(state.running).toMatchObject({ kind: 'task', operation: 'verify-2' });
    expect(answerFor(state, 't1')).toMatchObject({ operation: 'verify-2', workflowId: 'cluster/default/verify-2' });
  });

  test.each([
    ['a cluster that is busy', running, 'ClusterBusy', 'init-1 of ana@laptop runs'],
    ['a cluster that is not there', fresh, 'InvalidSpec', 'there is no cluster default'],
  ])('on %s is refused', (_what, state, type, words) => {
    expect(refuseTask(state, { requestId: 't1', by, task })).toMatchObject({ type, message: expect.stringContaining(words) });
  });

  test('of a kind that nobody knows is refused', () => {
    expect(refuseTask(rests, { requestId: 't1', by, task: { kind: 'dance' as 'verify' } })?.message).toContain('there is no task "dance"');
  });
});

describe('who did what', () => {
  test('is on record for the last hundred deeds', () => {
    let state: EntityState = rests;
    for (let n = 0; n < 120; n += 1) state = noted(state, { at, by, what: 'retry', note: String(n) });
    expect(viewOf(state).acts).toHaveLength(100);
    expect(viewOf(state).acts.at(-1)).toEqual({ at, by, what: 'retry', note: '119' });
  });

  test('begins with the apply', () => {
    expect(viewOf(running).acts).toEqual([{ at, by: 'ana@laptop', what: 'apply', operation: 'init-1' }]);
  });
});
