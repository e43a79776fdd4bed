import { drainNode } from '../../activities/drain';
import type { Scope, Session } from '../../activities/ports';
import { defaultPolicy } from '../../domain/cluster';
import type { Command } from '../../domain/command';
import { controllerLease, type ControllerLease, type Drained } from '../../domain/commands/drain';

/** A control plane whose lease is as the list says, one look after the other and then as the last; what is run is noted. */
function controlPlane(leases: readonly (ControllerLease | undefined)[]) {
  const ran: string[] = [];
  const looks = [...leases];
  const through = {
    run: (command: Command<unknown>): Promise<unknown> => {
      ran.push(command.title);
      if (command.title === controllerLease.title) return Promise.resolve(looks.length > 1 ? looks.shift() : looks[0]);
      return Promise.resolve({ empty: true, left: [], budgets: [], told: '' } satisfies Drained);
    },
  } as unknown as Session;
  const scope = { beat: () => undefined, log: () => undefined, signal: new AbortController().signal } as unknown as Scope;
  return { ran, drain: () => drainNode({ through, host: 'w1', node: 'w1', policy: defaultPolicy.drain, scope }) };
}

const lease = (term: string, renewed: string): ControllerLease => ({ term, renewed });
const evicted = (ran: readonly string[]): boolean => ran.includes('kubectl drain w1');

beforeEach(() => { jest.useFakeTimers(); });
afterEach(() => { jest.useRealTimers(); });

test('pods leave only when a controller manager leads and has said so again: the end of a former term is no sign of life', async () => {
  const { ran, drain } = controlPlane([lease('a', '1'), lease('a', '1'), lease('b', '2'), lease('b', '2'), lease('b', '3')]);
  const done = drain();
  await jest.advanceTimersByTimeAsync(1_600);
  expect(evicted(ran)).toBe(false);
  await jest.advanceTimersByTimeAsync(500);
  await done;
  expect(evicted(ran)).toBe(true);
});

test('without a controller manager nobody is drained, and a person is asked', async () => {
  const { ran, drain } = controlPlane([lease('a', '1')]);
  const refused = expect(drain()).rejects.toMatchObject({ type: 'DrainBlocked', message: expect.stringContaining('no kube-controller-manager is at work') as string });
  await jest.advanceTimersByTimeAsync(61_000);
  await refused;
  expect(evicted(ran)).toBe(false);
});

test('a cluster that has no such lease is not waited for', async () => {
  const { ran, drain } = controlPlane([undefined]);
  await drain();
  expect(evicted(ran)).toBe(true);
});
