import { newEntity, viewOf } from '../../domain/entity';
import { stalledJobs, withStalled } from '../../domain/stalled';
import { applyEvent, beginStatus, type OperationStatus, type StageEvent } from '../../domain/status';
import { whyOf } from '../../domain/why';

const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString();
const when = (minutes: number): Date => new Date(at(minutes));
const after = (...events: readonly (readonly [number, Omit<StageEvent, 'stage'>])[]): OperationStatus =>
  events.reduce((status, [minutes, event]) => applyEvent(status, { stage: 'Upgrade', ...event }, at(minutes)), beginStatus('prod', 'reconcile-2', [], at(0)));
/** Two hosts took three and four minutes; the third has been at it since the eighth minute. */
const roll = after(
  [0, { host: 'a', state: 'running' }], [3, { host: 'a', state: 'done' }],
  [3, { host: 'b', state: 'running' }], [7, { host: 'b', state: 'done' }],
  [8, { host: 'c', state: 'running' }],
);

test('a roll that stands still is told of after twice what the other hosts took, by status and by why (peers.md #18)', () => {
  expect(stalledJobs(roll, when(15.9))).toEqual([]);
  expect(withStalled([], roll, when(15.9))).toEqual([]);
  const words = 'more than twice what it took on 2 other hosts (240 s): it may be stuck';
  expect(withStalled([], roll, when(16))).toEqual([{ type: 'Stalled', status: 'True', reason: 'TakesLong', message: `Upgrade on c: ${words}`, lastTransitionTime: at(16) }]);

  const view = viewOf({ ...newEntity('prod'), running: { kind: 'reconcile', operation: 'reconcile-2', digest: 'd', by: 'ana', at: at(0) } });
  expect(whyOf(view, roll, when(15.9)).summary).toBe('nothing: reconcile-2 of ana runs');
  expect(whyOf(view, roll, when(16))).toMatchObject({
    summary: 'reconcile-2 of ana runs, and c may be stuck', reasons: [`Upgrade c runs since ${at(8)}, ${words}`],
    commands: [expect.anything(), { command: 'keelson logs prod --host c', does: 'what it says' }],
  });
});

test('nothing is said without anything to compare with, of what is soon over, or of what has ended', () => {
  expect(stalledJobs(after([0, { host: 'a', state: 'running' }]), when(600))).toEqual([]);
  expect(stalledJobs(after([0, { host: 'a', state: 'running' }], [0.01, { host: 'a', state: 'done' }], [1, { host: 'b', state: 'running' }]), when(1.9))).toEqual([]);
  expect(stalledJobs(applyEvent(roll, { stage: 'Upgrade', host: 'c', state: 'failed' }, at(20)), when(30))).toEqual([]);
});

test('one slow host in twenty is no measure, and another kind of work neither', () => {
  const many = Array.from({ length: 20 }, (_nothing, n) => [[0, { host: `h${n}`, state: 'running' }], [n === 0 ? 60 : 2, { host: `h${n}`, state: 'done' }]] as const).flat();
  expect(stalledJobs(after(...many, [60, { host: 'last', state: 'running' }]), when(65))).toMatchObject([{ host: 'last', usualMs: 120_000, others: 20 }]);
  expect(stalledJobs(after([0, { host: 'a', subject: 'snapshot', state: 'running' }], [0.1, { host: 'a', subject: 'snapshot', state: 'done' }], [1, { host: 'b', state: 'running' }]), when(60))).toEqual([]);
});
