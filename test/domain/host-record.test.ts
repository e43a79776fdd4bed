import { newEntity } from '../../domain/entity';
import { recordOutcome } from '../../domain/host-record';
import { applyEvent, beginStatus, endStatus, type StageEvent } from '../../domain/status';

const statusOf = (operation: string, ok: boolean, ...events: StageEvent[]) =>
  endStatus(events.reduce((before, event) => applyEvent(before, event, 't1'), beginStatus('c', operation, [], 't0')), { ok, reason: 'x', message: 'x' }, 't2');
const record = newEntity('c').current;
const image = { ref: 'kubernetes', digest: 'sha256:1', kind: 'rootfs' };

test('a host keeps its last error until that stage is done there', () => {
  const failed = recordOutcome(record, record, statusOf('init-1', false, { stage: 'Join', host: 'b', state: 'failed', message: 'no answer' }, { stage: 'Join', host: 'a', state: 'done' }), 'now');
  expect(failed.hosts).toEqual({ b: { error: { at: 't1', operation: 'init-1', stage: 'Join', message: 'no answer' } } });
  const onlyLooked = recordOutcome(failed, failed, statusOf('reconcile-2', false, { stage: 'Check', host: 'b', state: 'done' }), 'now');
  expect(onlyLooked.hosts).toEqual(failed.hosts);
  const done = recordOutcome(failed, failed, statusOf('reconcile-3', true, { stage: 'Join', host: 'b', state: 'done' }), 'now');
  expect(done.hosts).toEqual({});
});

test('an image is there since the first operation with it that ended well', () => {
  const failed = recordOutcome({ ...record, images: [image] }, record, statusOf('init-1', false), 'early');
  expect(failed.images).toEqual([image]);
  const done = recordOutcome({ ...failed, images: [image] }, failed, statusOf('reconcile-2', true), 'first');
  expect(done.images).toEqual([{ ...image, since: 'first' }]);
  expect(recordOutcome({ ...done, images: [image] }, done, statusOf('reconcile-3', true), 'later').images).toEqual([{ ...image, since: 'first' }]);
});
