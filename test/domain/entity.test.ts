import { admitForget, afterReset, type ForgetRequest, isAbsent, refuseForget } from '../../domain/absent';
import { digestOf } from '../../domain/digest';
import { begin, type ClusterRecord, type EntityState, finish, migrate, newEntity, type OperationResult, viewOf } from '../../domain/entity';
import { admitPolicy, refuseCancel, refuseRetry } from '../../domain/hands';
import { withCertNames } from '../../domain/kubeadm/cert-sans';
import { admitAmend, admitApply, admitReset, admitTask, answerFor, refuseApply, refuseReset } from '../../domain/requests';
import { aCluster, aHost } from '../fixtures';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const spec = aCluster(1, 2);
const request = (requestId: string, of = spec, by = 'ana@laptop') => ({ requestId, by, spec: of, digest: digestOf(of) });
const reset = (requestId: string) => ({ requestId, by: 'bo@desk', confirm: 'default', force: false });
const result = (outcome: OperationResult['outcome'], record: Partial<OperationResult['record']> = {}): OperationResult => ({
  outcome, message: `it ended: ${outcome}`, record: { conditions: [], hostKeys: {}, images: [], created: outcome === 'Success', ...record },
});

const fresh = migrate(newEntity('default'), () => 'uid-1');
const accepted = admitApply(fresh, request('r1'), at(0));
const running = begin(accepted, at(0));
const parked: EntityState = { ...running, running: { ...running.running, waiting: { reason: 'CommandFailed', message: 'Join on 10.0.0.2: exit 1', since: at(5) } } };
const created = finish(running, result('Success'), at(9));

describe('an apply', () => {
  test('on nothing becomes init-1', () => {
    expect(refuseApply(fresh, request('r1'))).toBeUndefined();
    expect(answerFor(accepted, 'r1')).toEqual({ operation: 'init-1', workflowId: 'cluster/default/init-1', attached: false });
    expect(running).toMatchObject({ n: 1, running: { kind: 'init', operation: 'init-1', by: 'ana@laptop', at: at(0) } });
    expect(running.next).toBeUndefined();
  });

  test('on a cluster becomes a reconcile with the next number', () => {
    const next = begin(admitApply(created, request('r2'), at(10)), at(10));
    expect(next.running).toMatchObject({ kind: 'reconcile', operation: 'reconcile-2' });
  });

  test('after a failed first one is an init again', () => {
    const failed = finish(running, result('Failed'), at(9));
    expect(begin(admitApply(failed, request('r2'), at(10)), at(10)).running.operation).toBe('init-2');
  });

  test.each([
    ['a spec that does not fit its digest', { ...request('r1'), digest: 'other' }, 'InvalidSpec', 'damaged on the way'],
    ['the spec of another cluster', request('r1', aCluster(1, 2, { name: 'prod' })), 'InvalidSpec', 'the spec is of cluster prod, this is default'],
    ['nobody who asks', { ...request('r1'), by: ' ' }, 'InvalidSpec', 'nobody is named'],
    ['a base that nobody has applied', { ...request('r1'), base: 'stale' }, 'ClusterBusy', 'read it again'],
  ])('with %s is refused', (_what, bad, type, words) => {
    expect(refuseApply(fresh, bad)).toMatchObject({ type });
    expect(refuseApply(fresh, bad)?.message).toContain(words);
  });

  test('of one very plan with an empty hash is refused, also where it would attach: every hash begins so', () => {
    for (const state of [created, running]) expect(refuseApply(state, { ...request('r2'), planHash: '' })).toMatchObject({ type: 'InvalidSpec', message: expect.stringContaining('its hash is empty') as string });
  });

  test('made from the state that is there is taken', () => {
    expect(refuseApply(created, { ...request('r2', aCluster(1, 3)), base: digestOf(spec) })).toBeUndefined();
    expect(refuseApply(created, { ...request('r2', aCluster(1, 3)), base: digestOf(aCluster(1, 3)) })).toMatchObject({ type: 'ClusterBusy' });
  });
});

describe('a task that has changed what is wanted', () => {
  const busy = begin(admitTask(created, { requestId: 't1', by: 'ana@laptop', task: { kind: 'cert-sans', names: ['api.example.com'] } }, at(10)), at(10));
  const made = (of: EntityState, from = spec) => finish(of, { ...result('Success'), desired: withCertNames(from, ['api.example.com']) }, at(12));

  test('leaves a policy that was set while it ran', () => {
    const policy = { ...spec.policy, parallel: 3 };
    const { desired } = made(admitPolicy(busy, { by: 'bo@desk', policy }, at(11)));
    expect(desired).toMatchObject({ by: 'ana@laptop', generation: 3, spec: { policy, kubeadm: { cluster: { apiServer: { certSANs: ['api.example.com'] } } } } });
    expect(desired?.digest).toBe(digestOf(desired!.spec));
  });

  test('to what was wanted already is no other generation, of nobody else', () => {
    const first = made(busy);
    const again = begin(admitTask(first, { requestId: 't2', by: 'cy@desk', task: { kind: 'cert-sans', names: ['api.example.com'] } }, at(13)), at(13));
    expect(made(again, first.desired!.spec).desired).toEqual(first.desired);
  });
});

describe('what is said for one operation', () => {
  const once = aCluster(1, 2, { force: true, policy: { ...spec.policy, noWait: true } });
  const forced = begin(admitApply(created, request('r2', once), at(10)), at(10));
  const ended = finish(forced, result('Success'), at(11));

  test('goes with its request, and what is wanted knows nothing of it', () => {
    expect(admitApply(created, request('r2', once), at(10)).next).toMatchObject({ force: true, noWait: true });
    expect(forced).toMatchObject({ running: { force: true }, desired: { spec, digest: digestOf(spec), generation: 1 } });
  });

  test('is not said of what comes after: an amendment, a policy, an apply that mends drift', () => {
    const { digest, ...asked } = request('r3', aCluster(1, 2, { credentials: { default: { user: 'root', password: 'sealed:v1:k:new:n:x' } } }), 'bo@desk');
    const drift = request('drift-1', ended.desired!.spec, 'drift');
    const policy = admitPolicy(ended, { by: 'bo@desk', policy: { ...spec.policy, parallel: 3 } }, at(12));
    for (const { next, desired } of [admitAmend(ended, { ...asked, digest, base: digestOf(spec) }, at(12)), admitApply(ended, drift, at(12)), policy]) {
      expect([next?.force, next?.noWait, desired?.spec.force, desired?.spec.policy.noWait]).toEqual([undefined, undefined, false, false]);
    }
  });

  test('whoever forces joins no operation that does not; whoever asks for the same without it joins either', () => {
    expect(refuseApply(running, request('r2', once))).toMatchObject({ type: 'ClusterBusy' });
    expect(refuseApply(forced, request('r3', once))).toBeUndefined();
    expect(refuseApply(forced, request('r3'))).toBeUndefined();
  });

  test('is gone from a state of before', () => {
    const { desired, ...rest } = created;
    const before: EntityState = { ...rest, desired: { ...desired!, spec: once, digest: digestOf(once) } };
    expect(migrate(before, () => 'uid')).toEqual(created);
  });
});

describe('while an operation runs', () => {
  const other = request('r2', aCluster(1, 1));

  test('another spec is refused with who, what and since when', () => {
    const refusal = refuseApply(running, other);
    expect(refusal).toMatchObject({ type: 'ClusterBusy' });
    expect(refusal?.message).toBe(`cluster default is busy: init-1 of ana@laptop runs since ${at(0)}`);
  });

  test('and with what it waits for, when it waits', () => {
    expect(refuseApply(parked, other)?.message).toContain('and waits: Join on 10.0.0.2: exit 1');
  });

  test('and with who cancelled it, while it takes back what it had begun: nobody joins that', () => {
    const ending: EntityState = { ...running, running: { ...running.running, ends: 'cancelled by bo@desk' } };
    expect(refuseApply(ending, request('r2'))).toMatchObject({
      type: 'ClusterBusy', message: `cluster default is busy: init-1 of ana@laptop was cancelled by bo@desk and takes back what it had begun; it began ${at(0)}`,
    });
  });

  test('and with whose it is, when it is only about to start', () => {
    expect(refuseApply(accepted, other)?.message).toContain('an operation of ana@laptop is about to start');
  });

  test('the same spec joins it and changes nothing else', () => {
    expect(refuseApply(running, request('r2'))).toBeUndefined();
    const joined = admitApply(running, request('r2', spec, 'bo@desk'), at(3));
    expect(answerFor(joined, 'r2')).toEqual({ operation: 'init-1', workflowId: 'cluster/default/init-1', attached: true });
    expect({ ...joined, recent: running.recent }).toEqual(running);
  });

  test('a password sealed anew is the same spec', () => {
    const sealed = (nonce: string) => aCluster(1, 2, { credentials: { default: { user: 'root', password: `sealed:v1:k:fp:${nonce}:x${nonce}` } } });
    const first = begin(admitApply(fresh, request('r1', sealed('one')), at(0)), at(0));
    expect(refuseApply(first, request('r2', sealed('two')))).toBeUndefined();
  });

  test('the spec of a cluster that is being reset is refused', () => {
    const resetting = begin(admitReset(created, reset('r9'), at(20)), at(20));
    expect(refuseApply(resetting, request('r2'))).toMatchObject({ type: 'ClusterBusy' });
  });

  test('the spec of a parked operation that makes way for a reset is refused', () => {
    expect(refuseApply(admitReset(parked, reset('r9'), at(20)), request('r2'))).toMatchObject({ type: 'ClusterBusy' });
  });
});

describe('the same request twice', () => {
  test('has the same answer while it waits, while it runs and after it ended', () => {
    const answer = answerFor(accepted, 'r1');
    for (const state of [accepted, running, created]) {
      expect(refuseApply(state, request('r1'))).toBeUndefined();
      expect(admitApply(state, request('r1'), at(30))).toEqual(state);
      expect(answerFor(state, 'r1')).toEqual(answer);
    }
  });

  test('has the same answer when it joined an operation that has ended since', () => {
    const joined = admitApply(running, request('r2'), at(3)) as typeof running;
    const ended = finish(joined, result('Success'), at(9));
    expect(refuseApply(ended, request('r2'))).toBeUndefined();
    expect(admitApply(ended, request('r2'), at(10))).toEqual(ended);
    expect(answerFor(ended, 'r2')).toEqual({ operation: 'init-1', workflowId: 'cluster/default/init-1', attached: true });
  });

  test('is known over twenty later requests, and forgotten then', () => {
    let state: EntityState = created;
    for (let n = 2; n <= 21; n += 1) state = finish(begin(admitApply(state, request(`r${n}`), at(n)), at(n)), result('Success'), at(n));
    expect(state.recent).toHaveLength(20);
    expect(answerFor(state, 'r2').operation).toBe('reconcile-2');
    expect(state.recent.some(({ requestId }) => requestId === 'r1')).toBe(false);
  });
});

describe('what a cluster cannot take back', () => {
  test('a host that leaves takes its credential with it: it has to be reached once more', () => {
    const member = (id: string) => ({ host: aHost(id) });
    const state = { ...created, current: { ...created.current, members: { '10.0.0.2': member('10.0.0.2'), '10.0.0.3': member('10.0.0.3') } } };
    const next = admitApply(state, { ...request('r2', aCluster(1, 1)), by: 'ana' }, 'now');
    expect(next.current.members).toEqual({ '10.0.0.2': member('10.0.0.2'), '10.0.0.3': { ...member('10.0.0.3'), access: { user: 'root' } } });
  });

  test('a host that would change its role is refused by name', () => {
    const roles = aCluster(1, 2, { hosts: [aHost('10.0.0.1', 'master'), aHost('10.0.0.2', 'master'), aHost('10.0.0.3')] });
    const refusal = refuseApply(created, request('r2', roles));
    expect(refusal).toMatchObject({ type: 'UnsafePlan' });
    expect(refusal?.message).toContain('10.0.0.2');
  });

  test('more hosts are welcome', () => {
    expect(refuseApply(created, request('r2', aCluster(1, 4)))).toBeUndefined();
  });

  test('before the cluster exists any hosts are', () => {
    expect(refuseApply(finish(running, result('Failed'), at(9)), request('r2', aCluster(1, 1)))).toBeUndefined();
  });
});

describe('a reset', () => {
  test.each([
    ['of nothing', fresh, reset('r9'), 'InvalidSpec', 'there is no cluster default'],
    ['by nobody', created, { ...reset('r9'), by: '' }, 'InvalidSpec', 'nobody is named'],
    ['with another name', created, { ...reset('r9'), confirm: 'prod' }, 'InvalidSpec', 'confirm with the cluster\'s name'],
    ['while an operation works', running, reset('r9'), 'ClusterBusy', 'init-1 of ana@laptop runs'],
    ['while one is about to start', accepted, reset('r9'), 'ClusterBusy', 'about to start'],
  ] as const)('%s is refused', (_what, state, asked, type, words) => {
    expect(refuseReset(state, asked)).toMatchObject({ type });
    expect(refuseReset(state, asked)?.message).toContain(words);
  });

  test('makes a parked operation give way', () => {
    expect(refuseReset(parked, reset('r9'))).toBeUndefined();
    const next = admitReset(parked, reset('r9'), at(20));
    expect(answerFor(next, 'r9').operation).toBe('reset-2');
    const after = begin(finish(next, result('Cancelled'), at(21)), at(21));
    expect(after.running).toMatchObject({ kind: 'reset', operation: 'reset-2', by: 'bo@desk' });
  });

  test('takes the logins that come with it, and nothing else', () => {
    const { spec, digest: base } = created.desired!;
    const amended = { spec: { ...spec, credentials: { default: { user: 'root', password: 'sealed:v1:k:new:n:x' } } }, base };
    const asked = { ...reset('r9'), amended };
    expect(refuseReset(created, asked)).toBeUndefined();
    const resetting = begin(admitReset(created, asked, at(20)), at(20));
    expect(resetting.running).toMatchObject({ kind: 'reset' });
    expect(resetting.desired?.spec.credentials).toEqual(amended.spec.credentials);
    // The same login once more is no mistake.
    expect(refuseReset(created, { ...reset('r9'), amended: { spec, base } })).toBeUndefined();
    expect(refuseReset(created, { ...reset('r9'), amended: { ...amended, base: 'sha256:old' } })).toMatchObject({ type: 'ClusterBusy' });
    expect(refuseReset(created, { ...reset('r9'), amended: { spec: { ...spec, hosts: spec.hosts.slice(1) }, base } })).toMatchObject({ type: 'InvalidSpec' });
  });

  const resetting = begin(admitReset(created, reset('r9'), at(20)), at(20));
  const ended = (outcome: 'Success' | 'Failed', members: ClusterRecord['members'] = {}) => {
    const one = { ...result(outcome), record: { ...result(outcome).record, created: false, members } };
    return afterReset(finish(resetting, one, at(25)), one, 'another');
  };

  test('that succeeds leaves the cluster absent: another one to hosts, its numbers and its log go on', () => {
    const after = ended('Success');
    expect(isAbsent(viewOf(after))).toBe(true);
    expect(after).toMatchObject({ uid: 'another', n: 2, retired: false, current: { phase: 'Absent', created: false, hostKeys: {} }, log: [{ operation: 'init-1' }, { operation: 'reset-2' }] });
    expect(after.desired).toBeUndefined();
    expect(refuseReset(after, reset('r10'))).toMatchObject({ type: 'InvalidSpec' });
    expect(answerFor(admitApply(after, request('r11'), at(30)), 'r11').operation).toBe('init-3');
  });

  test('that fails, or that has left something on a host, can be asked for again', () => {
    for (const after of [ended('Failed'), ended('Success', { '10.0.0.2': { host: aHost('10.0.0.2') } })]) {
      expect(isAbsent(viewOf(after))).toBe(false);
      expect(refuseReset(after, reset('r10'))).toBeUndefined();
    }
  });

  const word = { by: 'bo@desk', confirm: 'default', ends: true };
  test.each<[string, EntityState, Partial<ForgetRequest>, string, string]>([
    ['while hosts are members', created, {}, 'UnsafePlan', '10.0.0.1, 10.0.0.2, 10.0.0.3 are members of cluster default'],
    ['while something is left on one', ended('Success', { '10.0.0.2': { host: aHost('10.0.0.2') } }), {}, 'UnsafePlan', '10.0.0.2 is a member of cluster default'],
    ['while an operation runs', running, { force: true }, 'ClusterBusy', 'init-1 of ana@laptop runs'],
    ['by another name', created, { confirm: 'prod', force: true }, 'InvalidSpec', 'confirm with the cluster\'s name'],
    ['by nobody', created, { by: ' ', force: true }, 'InvalidSpec', 'nobody'],
  ])('the record of a cluster is not ended %s', (_what, state, more, type, words) => {
    expect(refuseForget(state, { ...word, ...more })).toMatchObject({ type, message: expect.stringContaining(words) as string });
  });

  test('the record of an absent cluster is ended by a word, that of a living one by force', () => {
    expect(refuseForget(ended('Success'), word)).toBeUndefined();
    expect(refuseForget(created, { ...word, force: true })).toBeUndefined();
    expect(admitForget(created, word, at(30), 'another')).toMatchObject({ retired: true, acts: [{}, { what: 'forget', note: expect.stringContaining('10.0.0.1') as string }] });
  });

  test('of an entity that ends is not taken, nor is a spec', () => {
    const retired = admitForget(created, word, at(25), 'another');
    expect(refuseApply(retired, request('r10'))).toMatchObject({ type: 'ClusterBusy' });
    expect(refuseReset(retired, reset('r11'))).toMatchObject({ type: 'ClusterBusy' });
  });
});

test('only what waits can be told to try again, only what runs can be cancelled', () => {
  expect(refuseRetry(parked, { by: 'bo@desk' })).toBeUndefined();
  expect(refuseRetry(running, { by: 'bo@desk' })).toMatchObject({ type: 'InvalidSpec' });
  expect(refuseCancel(running, { by: 'bo@desk' })).toBeUndefined();
  expect(refuseCancel(created, { by: 'bo@desk' })).toMatchObject({ type: 'InvalidSpec' });
});

describe('the end of an operation', () => {
  test('is a line of the log', () => {
    expect(created.log).toEqual([{ operation: 'init-1', by: 'ana@laptop', startedAt: at(0), endedAt: at(9), outcome: 'Success', message: 'it ended: Success' }]);
    expect(created.running).toBeUndefined();
  });

  test('keeps the log short, however long its messages', () => {
    let state: EntityState = created;
    for (let n = 2; n <= 70; n += 1) {
      state = finish(begin(admitApply(state, request(`r${n}`), at(n)), at(n)), { ...result('Success'), message: 'x'.repeat(5_000) }, at(n));
    }
    expect(state.log).toHaveLength(50);
    expect(state.log.at(-1)?.operation).toBe('reconcile-70');
    expect(state.log.at(-1)?.message).toHaveLength(500);
    expect(state.n).toBe(70);
  });

  test('without an operation changes nothing', () => {
    expect(finish(created, result('Failed'), at(30))).toBe(created);
  });
});

describe('migrate', () => {
  test('gives a new entity its identity, once', () => {
    expect(fresh.uid).toBe('uid-1');
    expect(migrate(fresh, () => 'uid-2').uid).toBe('uid-1');
  });

  test('forgets an operation whose end it cannot know', () => {
    const state = migrate(running, () => 'uid-2');
    expect(state.running).toBeUndefined();
    expect(state).toMatchObject({ n: 1, desired: running.desired });
  });

  test('keeps fields that it does not know', () => {
    expect(migrate({ ...created, later: { a: 1 } }, () => 'uid')).toMatchObject({ later: { a: 1 } });
  });

  test.each([2, 0, undefined])('does not touch a state of version %s', (v) => {
    expect(() => migrate({ ...created, v }, () => 'uid')).toThrow(/state of version/);
  });
});

test('the state survives JSON as it is', () => {
  for (const state of [fresh, accepted, running, parked, created]) expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test('the view tells what runs and what was applied, and no secret', () => {
  const secret = aCluster(1, 2, { credentials: { default: { user: 'root', password: 'sealed:v1:k:fp:n:c' } } });
  const view = viewOf(begin(admitApply(fresh, request('r1', secret), at(0)), at(0)));
  expect(view).toMatchObject({ name: 'default', uid: 'uid-1', digest: digestOf(secret), running: { operation: 'init-1' }, hosts: [{ id: '10.0.0.1' }, { id: '10.0.0.2' }, { id: '10.0.0.3' }] });
  expect(JSON.stringify(view)).not.toContain('sealed:');
});
