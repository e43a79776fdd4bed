import { digestOf } from '../../domain/digest';
import { begin, type EntityState, finish, migrate, newEntity, type OperationResult } from '../../domain/entity';
import { admitPolicy } from '../../domain/hands';
import { admitApply } from '../../domain/requests';
import { isDeclined } from '../../domain/taken-back';
import { aCluster } from '../fixtures';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const spec = aCluster(1, 2);
const smaller = aCluster(1, 1);
const request = (requestId: string, of = spec, by = 'ana@laptop') => ({ requestId, by, spec: of, digest: digestOf(of) });
const ready = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: '', lastTransitionTime: at(1) };
const unready = { ...ready, status: 'False' as const, reason: 'UnsafePlan' };
const success: OperationResult = { outcome: 'Success', message: '', record: { conditions: [ready], hostKeys: {}, images: [], created: true, phase: 'ClusterSuccess' } };
const refused = (as: OperationResult['refused']): OperationResult => ({
  outcome: 'Failed', message: 'no', refused: as, record: { ...success.record, conditions: [unready], phase: 'ClusterFailed' },
} as OperationResult);

const fresh = migrate(newEntity('default'), () => 'uid-1');
const created = finish(begin(admitApply(fresh, request('r1'), at(0)), at(0)), success, at(1));
const afterRefusal = (of: typeof spec, as: OperationResult['refused'], from: EntityState = created) =>
  finish(begin(admitApply(from, request('r2', of, 'bo@desk'), at(2)), at(2)), refused(as), at(3));

test.each(['UnsafePlan', 'StalePlan'] as const)('a refused spec (%s) is as one that was refused at the door, but on record', (as) => {
  const after = afterRefusal(smaller, as);
  expect(after.desired).toEqual(created.desired);
  expect(after.current).toEqual(created.current);
  expect(after.former).toBeUndefined();
  expect(after.acts?.at(-1)).toEqual({ at: at(3), by: 'bo@desk', what: 'refused', operation: 'reconcile-2', note: `${as}: no` });
  expect(after.log).toEqual(created.log);
});

test('a spec that was wanted already and is unsafe now tells of the cluster; a stale hash does not', () => {
  expect(afterRefusal(spec, 'UnsafePlan').current).toMatchObject({ phase: 'ClusterFailed', conditions: [{ status: 'False' }] });
  expect(afterRefusal(spec, 'StalePlan').current).toEqual(created.current);
  expect(afterRefusal(spec, 'UnsafePlan').desired).toEqual(created.desired);
  expect(afterRefusal(spec, 'UnsafePlan').log.at(-1)).toMatchObject({ operation: 'reconcile-2', outcome: 'Failed' });
});

test('unfit hosts tell nothing of a cluster that was made: its phase and whether it is ready stay; what was wanted already leaves no line, what is new stays wanted', () => {
  const check = { ...unready, type: 'Check', reason: 'PreflightFailed' };
  const refusal = (of: typeof spec, from: EntityState) => finish(begin(admitApply(from, request('r2', of, 'bo@desk'), at(2)), at(2)), {
    ...refused('PreflightFailed'), record: { ...success.record, created: from.current.created, phase: 'ClusterFailed', conditions: [check, unready] },
  }, at(3));
  const again = refusal(spec, created);
  expect(again.current).toMatchObject({ phase: 'ClusterSuccess', conditions: [{ type: 'Check', status: 'False' }, created.current.conditions[0]] });
  expect(again.log).toEqual(created.log);
  expect(again.acts?.at(-1)).toMatchObject({ by: 'bo@desk', what: 'refused', note: 'PreflightFailed: no' });
  const other = refusal(smaller, created);
  expect(other.current).toMatchObject({ phase: 'ClusterSuccess', conditions: [{ type: 'Check' }, created.current.conditions[0]] });
  expect([other.desired?.digest, other.log.length]).toEqual([digestOf(smaller), 2]);
  const first = refusal(spec, fresh);
  expect(first.current).toMatchObject({ phase: 'ClusterFailed', conditions: [{ type: 'Check' }, { type: 'Ready', status: 'False' }] });
  expect([first.desired?.digest, first.log.length]).toEqual([digestOf(spec), 1]);
});

test('a plan that was declined is as never asked for, but in the log', () => {
  const running = begin(admitApply(created, request('r2', smaller, 'bo@desk'), at(2)), at(2));
  const ended = { record: { ...success.record, phase: 'ClusterFailed' as const }, message: '', untouched: true };
  expect([isDeclined(running, ended), isDeclined(running, { ...ended, untouched: false }), isDeclined(running, undefined)]).toEqual([true, false, false]);
  // What makes way for a reset is not declined, and an amendment of a cluster at rest takes the place of nothing.
  const { former: _former, ...amended } = running;
  expect([isDeclined({ ...running, next: { kind: 'reset', requestId: 'r9', by: 'cy', at: at(2) } }, ended), isDeclined(amended, ended)]).toEqual([false, false]);
  const after = finish(running, { outcome: 'Cancelled', message: 'cancelled by cy', record: ended.record, declined: true }, at(3));
  expect([after.desired, after.current, after.former]).toEqual([created.desired, created.current, undefined]);
  expect(after.log.at(-1)).toMatchObject({ operation: 'reconcile-2', by: 'bo@desk', outcome: 'Cancelled' });
  // So is one for which nobody waits.
  const unasked = finish(running, { outcome: 'Failed', message: 'nobody waits for it', record: ended.record, declined: true }, at(3));
  expect([unasked.desired, unasked.current, unasked.log.at(-1)?.outcome]).toEqual([created.desired, created.current, 'Failed']);
});

test('of a first spec nothing is left', () => expect(afterRefusal(spec, 'StalePlan', fresh).desired).toBeUndefined());

test('a policy that was set meanwhile stays, and the generation does not go back below it', () => {
  const policy = { ...spec.policy, parallel: 7 };
  const set = admitPolicy(begin(admitApply(created, request('r2', smaller), at(2)), at(2)), { by: 'cy@home', policy }, at(2));
  const { desired } = finish(set, refused('UnsafePlan'), at(3));
  expect(desired).toEqual({ ...created.desired, spec: { ...spec, policy }, digest: digestOf({ ...spec, policy }), generation: 3 });
});

test('an operation that did something, or ended well, leaves what it was for', () => {
  const running = begin(admitApply(created, request('r2', smaller), at(2)), at(2));
  const { refused: _no, ...failed } = refused('UnsafePlan');
  for (const result of [failed, success]) {
    const after = finish(running, result, at(3));
    expect([after.desired?.digest, after.desired?.generation, after.former]).toEqual([digestOf(smaller), 2, undefined]);
  }
});
