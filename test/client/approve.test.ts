import { planToApprove } from '../../client/commands/approve';
import type { KeelsonClient } from '../../client/keelson-client';
import { newEntity, viewOf } from '../../domain/entity';

const waiting = { kind: 'approval', reason: 'NeedsApproval', message: 'x', since: '', planHash: 'abcdef', approvals: ['upgrade: 10.0.0.1'] } as const;
const running = { kind: 'reconcile', operation: 'reconcile-2', digest: '', by: 'ana', at: '', waiting } as const;
const aClient = (view = viewOf({ ...newEntity('default'), running })): KeelsonClient => ({ status: () => Promise.resolve({ name: 'default', running: [], view }) }) as unknown as KeelsonClient;

let terminal: boolean;
beforeEach(() => {
  terminal = process.stdin.isTTY;
  process.stdin.isTTY = false;
});
afterEach(() => {
  process.stdin.isTTY = terminal;
  jest.restoreAllMocks();
});

test('without a terminal leave is given by the hash, or by --yes for whatever waits: that is shown', async () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  await expect(planToApprove(aClient(), 'default', {})).rejects.toMatchObject({ type: 'InvalidSpec', message: 'say which plan', details: { todo: expect.stringContaining('--plan-hash abcdef') as string } });
  expect(await planToApprove(aClient(), 'default', { yes: true })).toBe('abcdef');
  expect(said.mock.calls.flat()).toContain('  - upgrade: 10.0.0.1');
});

test('what does not wait cannot be approved, not even by --yes', async () => {
  await expect(planToApprove(aClient(viewOf(newEntity('default'))), 'default', { yes: true })).rejects.toMatchObject({ type: 'InvalidSpec' });
});
