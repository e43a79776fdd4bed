import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Deps } from '../../activities/deps';
import type { Scope, Session } from '../../activities/ports';
import { removeHost } from '../../activities/remove';
import { defaultPolicy, type HostTarget } from '../../domain/cluster';
import type { Command } from '../../domain/command';
import { readNodes } from '../../domain/commands/kubernetes';
import { readMarks } from '../../domain/commands/state';
import { aTarget } from './ssh-server';

const leader: HostTarget = aTarget(22, { id: '10.0.0.1', address: '10.0.0.1' });
const worker: HostTarget = aTarget(22, { id: '10.0.0.2', address: '10.0.0.2', roles: ['node'] });

/** A removal past its point of no return: the worker's Node is gone already. Ends the attempt there, and tells what became of it. */
async function endedInTheMiddle(reason: 'WORKER_SHUTDOWN' | 'CANCELLED'): Promise<unknown> {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const sessionOf = ({ signal }: Scope): Session => ({
    run: (command: Command<unknown>): Promise<unknown> => {
      if (command.title === readNodes.title) return Promise.resolve([{ name: 'cp', address: leader.address }]);
      if (command.title !== readMarks.title) return Promise.resolve({ members: [] });
      environment.cancel(reason);
      return Promise.reject(signal.aborted ? (signal.reason as Error) : new Error('the work went on'));
    },
  }) as unknown as Session;
  const deps = { remote: { to: (_host: HostTarget, scope: Scope) => Promise.resolve(sessionOf(scope)) }, log: () => undefined } as unknown as Deps;
  const seen: unknown[] = [];
  const remove = (): Promise<void> => removeHost(deps)({
    where: { cluster: 'demo', uid: 'uid-1', n: 1, operation: 'reconcile-1', stage: 'Remove' }, leader, controlPlane: false, host: worker, drain: defaultPolicy.drain, images: [], peers: [], env: [],
  }).catch((error: unknown) => { seen.push(error); });
  await environment.run(remove).catch(() => undefined);
  while (seen.length === 0) await new Promise((resolve) => { setImmediate(resolve); });
  return seen[0];
}

test('a removal that a cancel no longer stops ends with the Temporal worker all the same: the next attempt goes on', async () => {
  expect(await endedInTheMiddle('WORKER_SHUTDOWN')).toEqual(new CancelledFailure('WORKER_SHUTDOWN'));
  expect(await endedInTheMiddle('CANCELLED')).toMatchObject({ message: 'the work went on' });
});
