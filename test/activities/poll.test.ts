import { poll } from '../../activities/poll';
import { quietScope } from './local-session';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const began = (): number => Date.now();
const waits = (answersAfterMs: number, timeoutMs = 5 * 60_000) => {
  const from = began();
  return poll({ scope: quietScope(), host: '10.0.0.1', what: 'a Ready node', everyMs: 1_000, timeoutMs }, () => Promise.resolve(Date.now() - from >= answersAfterMs || 'not yet'));
};

test('what is there costs no time, what takes three minutes is waited for so long and no longer (peers.md #14)', async () => {
  await waits(0);
  expect(jest.getTimerCount()).toBe(0);
  const from = began();
  const slow = waits(180_000);
  await jest.advanceTimersByTimeAsync(179_000);
  expect(jest.getTimerCount()).toBe(1);
  await jest.advanceTimersByTimeAsync(1_000);
  await slow;
  expect(Date.now() - from).toBe(180_000);
});

test('what never comes ends with its last words', async () => {
  const never = expect(waits(Infinity, 10_000)).rejects.toMatchObject({ type: 'CommandTimedOut', message: '10.0.0.1: a Ready node did not happen within 10 s: not yet' });
  await jest.advanceTimersByTimeAsync(12_000);
  await never;
});
