import { ClusterError, type ErrorType } from '../../domain/errors';
import { exitCodeFor, exitCodeOf, exitCodes } from '../../client/exit-codes';
import { showPlan } from '../../client/show-plan';
import { describeError } from '../../client/report-error';
import { TemporalUnavailable } from '../../client/temporal-unavailable';

test.each<[ErrorType, number]>([
  ['InvalidSpec', 2], ['ImageNotFound', 2], ['KeyMissing', 2],
  ['ClusterBusy', 4], ['UnsafePlan', 4], ['ClusterLost', 4], ['HostClaimed', 4],
  ['HostUnreachable', 1], ['CommandFailed', 1], ['PreflightFailed', 2],
])('%s ends with %i', (type, code) => {
  expect(exitCodeOf(new ClusterError(type, 'x'))).toBe(code);
});

test('no Temporal server is 5, a bug is 1', () => {
  expect(exitCodeOf(new TemporalUnavailable('x', { todo: 'y' }))).toBe(exitCodes.noTemporal);
  expect(exitCodeOf(new Error('x'))).toBe(exitCodes.failed);
});

test('a plan that is refused exits as the apply of it would', () => {
  const say = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  const plan = { cluster: 'default', version: '', leader: '', images: [], jobs: [], approvals: [], absent: [], hash: 'x', problems: [] };
  const problem = { severity: 'error', message: 'no way back' } as const;
  const codes = (['UnsafePlan', 'PreflightFailed', 'HostClaimed'] as const).map((type) => showPlan({ ...plan, problems: [{ ...problem, type }] }, {}));
  expect(codes).toEqual([exitCodes.refused, exitCodes.badInput, exitCodes.badInput]);
  expect(showPlan({ ...plan, problems: [{ severity: 'warning', type: 'UnsafePlan', message: 'x' }] }, {})).toBe(exitCodes.done);
  say.mockRestore();
});

test('operations', () => {
  expect([exitCodeFor('Success'), exitCodeFor('Failed'), exitCodeFor('Cancelled')]).toEqual([0, 1, 1]);
  const reason = 'PreflightFailed';
  expect([exitCodeFor('Failed', { reason, untouched: true }), exitCodeFor('Failed', { reason }), exitCodeFor('Failed', { reason: 'CommandFailed', untouched: true })]).toEqual([2, 1, 1]);
});

test('an error says what, where, the last words and what to do', () => {
  const error = new ClusterError('CommandFailed', 'kubeadm join failed', { host: '10.0.0.3', command: 'kubeadm join', exitCode: 1, tail: ['connection refused'], todo: 'look at the leader' });
  expect(describeError(error)).toEqual([
    'error: 10.0.0.3: kubeadm join failed', '  command: kubeadm join (exit code 1)', '  | connection refused', '  -> look at the leader',
  ]);
});
