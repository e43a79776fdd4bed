import { hostsInTurn, untilNext, unwatched, watch } from '../../domain/changed-facts';
import { unreachable } from '../../domain/facts';
import { bareFacts } from '../fixtures';

const [a, b] = ['10.0.0.1', '10.0.0.2'] as const;
const away = unreachable(a, { type: 'HostUnreachable', message: 'no route to host' });

test('a host that could not be reached has changed when it can be, and not before', () => {
  const first = watch(unwatched, [away], [a]);
  expect(first).toMatchObject({ times: 1, changed: false });
  expect(watch(first, [away], [a]).changed).toBe(false);
  expect(watch(first, [bareFacts(a)], [a]).changed).toBe(true);
});

test('one that failed otherwise has changed when it is not what it was at the look before', () => {
  const first = watch(unwatched, [bareFacts(a)], []);
  expect(first.changed).toBe(false);
  expect(watch(first, [bareFacts(a, { clockSkewMs: 7, freeBytes: { '/': 1 }, kubeletActive: true })], []).changed).toBe(false);
  expect(watch(first, [bareFacts(a, { kernel: '6.2' })], []).changed).toBe(true);
  expect(watch(first, [away], []).changed).toBe(false);
  expect(watch(first, [bareFacts(b)], []).changed).toBe(false);
});

test('of very many hosts some are looked at each time, all of them in turn', () => {
  const hosts = Array.from({ length: 25 }, (_, n) => `h${n}`);
  expect(hostsInTurn(hosts.slice(0, 3), { times: 7, seen: {} })).toEqual(['h0', 'h1', 'h2']);
  const looked = [0, 1, 2].flatMap((times) => hostsInTurn(hosts, { times, seen: {} }));
  expect(looked).toHaveLength(30);
  expect(new Set(looked)).toEqual(new Set(hosts));
});

test('the looks grow apart up to ten minutes, and a day of them stays far below what a history holds', () => {
  const at = { firstMs: 60_000, maxMs: 600_000 };
  expect([0, 1, 2, 3, 4, 1000].map((times) => untilNext(at, times) / 60_000)).toEqual([1, 2, 4, 8, 10, 10]);
  // Of each look: a timer and ten short activities, with the workflow tasks between.
  const aDay = (24 * 60 / 10) * (2 + 10 * 3 + 6);
  expect(aDay).toBeLessThan(20_000);
});
