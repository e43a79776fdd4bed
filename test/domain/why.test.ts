import { begin, type EntityState, finish, newEntity, viewOf } from '../../domain/entity';
import { digestOf } from '../../domain/digest';
import { admitApply } from '../../domain/requests';
import { applyEvent, beginStatus } from '../../domain/status';
import { whyOf } from '../../domain/why';
import { aCluster } from '../fixtures';

const spec = aCluster(1, 2);
const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;
const applied = (): EntityState => ({ ...admitApply(newEntity('default'), { requestId: 'r', by: 'ana@laptop', spec, digest: digestOf(spec) }, at(0)), uid: 'u' });
const waiting = { reason: 'HostUnreachable', message: 'Join on 10.0.0.3: no answer', since: at(2) };

test('an operation that waits: since when, the next check, what failed where, and what to type', () => {
  const state = begin(applied(), at(1));
  const parked = viewOf({ ...state, running: { ...state.running, waiting: { ...waiting, nextCheckAt: at(3) } } });
  const status = [
    { stage: 'Join', host: '10.0.0.3', state: 'failed', reason: 'HostUnreachable', message: 'no answer within 10 s' },
    { stage: 'RunGuest', host: '10.0.0.1', subject: 'web', state: 'blocked', reason: 'Join of 10.0.0.3 failed' },
  ].reduce((before, event) => applyEvent(before, event as never, at(2)), beginStatus('default', 'init-1', [], at(1)));
  const why = whyOf(parked, status);
  expect(why).toMatchObject({ since: at(2), nextCheckAt: at(3), waitsForPerson: false, reasons: ['Join 10.0.0.3: no answer within 10 s', 'RunGuest 10.0.0.1 web is held up: Join of 10.0.0.3 failed'] });
  expect(why.summary).toMatch(/init-1 waits and tries again by itself/);
  expect(why.commands.map(({ command }) => command)).toEqual(expect.arrayContaining(['keelson retry default', 'keelson cancel default']));
  expect(whyOf(viewOf({ ...state, running: { ...state.running, waiting } }))).toMatchObject({ waitsForPerson: true, reasons: [waiting.message] });
});

test('an operation that says what can be done is believed', () => {
  const state = begin(applied(), at(1));
  const said = { ...waiting, commands: ['keelson approve default --plan-hash abc'] };
  expect(whyOf(viewOf({ ...state, running: { ...state.running, waiting: said } })).commands[0]).toEqual({ command: 'keelson approve default --plan-hash abc', does: '' });
});

test('nothing: it works, it is ready, or it failed', () => {
  const running = begin(applied(), at(1));
  expect(whyOf(viewOf(running)).summary).toMatch(/^nothing: init-1 of ana@laptop runs/);
  const ready = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: '3 nodes Ready', lastTransitionTime: at(5) };
  const record = { ...running.current, conditions: [ready], created: true };
  const done = finish(running, { outcome: 'Success', message: '3 nodes Ready', record }, at(5));
  expect(whyOf(viewOf(done))).toMatchObject({ summary: 'nothing: it is ready (3 nodes Ready)', since: at(5), waitsForPerson: false });
  expect(whyOf(viewOf(finish(running, { outcome: 'Failed', message: 'two\nlines', record }, at(5))))).toMatchObject({ reasons: ['two', 'lines'], waitsForPerson: true });
  const drifted = { type: 'Drifted', status: 'True' as const, reason: 'Differs', message: '10.0.0.1: a file', lastTransitionTime: at(6) };
  expect(whyOf(viewOf({ ...done, current: { ...done.current, conditions: [ready, drifted] } }))).toMatchObject({ since: at(6), reasons: ['10.0.0.1: a file'] });
});

test('a cluster at rest that somebody holds still says so: who, since when, why, and what is to be said otherwise', () => {
  const running = begin(applied(), at(1));
  const done = finish(running, { outcome: 'Success', message: '3 nodes Ready', record: { ...running.current, created: true } }, at(5));
  const why = whyOf(viewOf({ ...done, paused: { by: 'bo@desk', at: at(7), reason: 'the rack is moved' } }));
  expect(why).toMatchObject({
    summary: 'nothing runs, and the next operation begins nothing: the cluster is held still by bo@desk', since: at(7), waitsForPerson: true,
    reasons: ['the rack is moved', 'apart from that: nothing: it is ready'],
  });
  expect(why.commands[0]?.command).toBe('keelson resume default');
  expect(why.commands.map(({ command }) => command)).not.toContain('keelson cancel default');
  const failed = finish(running, { outcome: 'Failed', message: 'no answer', record: running.current }, at(5));
  expect(whyOf(viewOf({ ...failed, paused: { by: 'bo@desk', at: at(7) } })).reasons).toEqual([expect.stringContaining('init-1 failed'), 'no answer']);
});

test('conditions speak of the spec that they were made for', () => {
  const condition = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: 'ok', lastTransitionTime: at(5) };
  const first = finish(begin(applied(), at(1)), { outcome: 'Success', message: '', record: { conditions: [condition], hostKeys: {}, images: [], created: true } }, at(5));
  expect(first.current.conditions).toEqual([{ ...condition, observedGeneration: 1 }]);
  const other = { ...spec, images: [...spec.images, 'more'] };
  const again = admitApply(first, { requestId: 's', by: 'bo', spec: other, digest: digestOf(other) }, at(6));
  expect(viewOf(again)).toMatchObject({ generation: 2, appliedBy: 'bo', appliedAt: at(6) });
  expect(again.current.conditions[0]?.observedGeneration).toBe(1);
  const second = finish(begin(again, at(7)), { outcome: 'Success', message: '', record: { ...again.current, conditions: [condition] } }, at(8));
  expect(second.current.conditions[0]?.observedGeneration).toBe(2);
  // The same spec again is the same generation.
  expect(admitApply(second, { requestId: 't', by: 'bo', spec: other, digest: digestOf(other) }, at(9)).desired?.generation).toBe(2);
});

test('the Clusterfile that was applied stays through changes by flags', () => {
  const named = admitApply(newEntity('default'), { requestId: 'r', by: 'ana', spec, digest: digestOf(spec), file: 'sealed:v1:a:b:c:d' }, at(0));
  const idle = finish(begin(named, at(1)), { outcome: 'Success', message: '', record: named.current }, at(2));
  expect(admitApply(idle, { requestId: 's', by: 'bo', spec, digest: digestOf(spec) }, at(3)).desired?.file).toBe('sealed:v1:a:b:c:d');
});
