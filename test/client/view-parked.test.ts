import { applyEvent, beginStatus, type OperationStatus } from '../../domain/status';
import { renderChanges, renderTable } from '../../client/view';

const at = (second: number): string => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();
const long = `image script init failed on 10.0.0.3 with exit code 1: ${'no space left '.repeat(20)}last line`;
const before = applyEvent(beginStatus('prod', 'init-1', [], at(0)), { stage: 'Join', host: '10.0.0.2', state: 'done' }, at(5));
const failed = applyEvent(before, { stage: 'Bootstrap', host: '10.0.0.3', state: 'failed', reason: 'CommandFailed', message: long }, at(9));
const parked: OperationStatus = { ...failed, waiting: { reason: 'CommandFailed', message: `Bootstrap on 10.0.0.3: ${long}`, since: at(9) } };

test('printed once, an operation that is parked shows its failures in full; drawn on a terminal, cut to its width', () => {
  const options = { now: at(20), width: 80, color: false };
  const whole = renderTable(parked, { ...options, whole: true });
  expect(whole.filter((line) => line.includes('last line'))).toEqual([`  ✘ Bootstrap 10.0.0.3: ${long}`]);
  expect(whole).toContain('Parked for 11 s: what failed stands above');
  expect(renderTable(parked, options).every((line) => line.length <= 80)).toBe(true);
});

test('in a log the last lines say that it waits, each failure with its host, and the next step', () => {
  expect(renderChanges(failed, parked)).toEqual([
    'parked: waits for a person',
    `  ✘ Bootstrap 10.0.0.3: ${long}`,
    '  mended: the same command again, or `keelson retry prod`; `keelson logs prod` has all output',
  ]);
  const timed = { ...parked, waiting: { reason: 'x', message: 'the cluster is not whole', since: at(9), nextCheckAt: at(30) } };
  expect(renderChanges(before, { ...before, waiting: timed.waiting })).toEqual([
    `parked: tries again by itself at ${at(30)}`,
    '  ✘ the cluster is not whole',
    '  mended: the same command again, or `keelson retry prod`; `keelson logs prod` has all output',
  ]);
});
