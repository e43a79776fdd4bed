import type { ErrorType } from '../../domain/errors';
import { failureWait } from '../../domain/waits';
import { aCluster, someImages } from '../fixtures';

const spec = aCluster(1, 1);
const since = new Date('2026-01-01T00:00:00.000Z');
const facts = { spec, images: someImages(), leader: '10.0.0.1' };
const failed = (id: string, reason: ErrorType) => {
  const [stage, host] = id.split('/') as ['Join', string];
  return { job: { id, stage, host, reason: '' }, reason, message: 'it failed' };
};
const waits = (tried: number, ...failures: ReturnType<typeof failed>[]) => failureWait(failures, { spec, facts, tried, since });

test('an operation tries again by itself, ever later, so often as the policy says; then it looks whether a host has changed', () => {
  const next = (tried: number) => {
    const { nextCheckAt, looks } = waits(tried, failed('Join/10.0.0.2', 'HostUnreachable'));
    return [nextCheckAt, looks];
  };
  expect([0, 1, 4, 5, 6].map(next)).toEqual([
    ['2026-01-01T00:00:10.000Z', undefined], ['2026-01-01T00:00:20.000Z', undefined], ['2026-01-01T00:02:40.000Z', undefined],
    ['2026-01-01T00:01:00.000Z', true], ['2026-01-01T00:02:00.000Z', true],
  ]);
});

test('what only a person can mend has no time, whatever else has failed: trying again would lock an account', () => {
  const both = waits(0, failed('Join/10.0.0.2', 'HostUnreachable'), failed('Bootstrap/10.0.0.2', 'AuthenticationFailed'));
  expect(both.nextCheckAt).toBeUndefined();
  expect(both).toMatchObject({ kind: 'failure', reason: 'HostUnreachable', message: 'Join on 10.0.0.2: it failed; Bootstrap on 10.0.0.2: it failed', since: since.toISOString() });
});

test('what a mere look has found holds up nobody: beside a host that is away it is looked again by itself, and then whether that host is back', () => {
  const both = [failed('Join/10.0.0.2', 'HostUnreachable'), failed('MountRootfs/10.0.0.1', 'PreflightFailed')];
  expect(waits(0, ...both).nextCheckAt).toBe('2026-01-01T00:00:10.000Z');
  expect(waits(5, ...both)).toMatchObject({ looks: true });
});

test('only what helps is offered: an amendment for a login, a skip for what nobody needs', () => {
  expect(waits(0, failed('Join/10.0.0.2', 'AuthenticationFailed')).commands).toEqual([
    'keelson retry default', 'keelson amend default', 'keelson skip default --host 10.0.0.2', 'keelson cancel default',
  ]);
  expect(waits(0, failed('Init/10.0.0.1', 'CommandFailed')).commands).toEqual(['keelson retry default', 'keelson cancel default']);
});
