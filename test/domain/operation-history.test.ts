import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readOperationHistory } from '../../domain/operation-history';

const history = (name: string) => readOperationHistory(JSON.parse(readFileSync(join(__dirname, '..', 'histories', `${name}.json`), 'utf8')));

test('an install: every stage of every host with its attempts, how long it took, and in words', () => {
  const { work, startedAt, endedAt, decisions } = history('init');
  expect(Date.parse(endedAt ?? '')).toBeGreaterThan(Date.parse(startedAt ?? ''));
  expect(work.map(({ verb }) => verb)).toEqual(expect.arrayContaining(['checkHost', 'mountRootfs', 'initControlPlane', 'joinWorker', 'verifyCluster']));
  for (const item of work) expect(item).toMatchObject({ outcome: 'done', attempts: 1, ms: expect.any(Number) });
  expect(work.find(({ verb }) => verb === 'joinWorker')?.summary).toMatch(/^Join on worker 10\.0\.0\.\d: joins as worker$/);
  expect(decisions).toEqual([]);
});

test('an operation that parked: what failed and why, and who said retry', () => {
  const { work, decisions } = history('parked-and-retried');
  expect(work.filter(({ outcome }) => outcome === 'failed')).toEqual([expect.objectContaining({ error: expect.stringMatching(/exited 1|on 10/) })]);
  expect(decisions).toEqual([expect.objectContaining({ by: expect.stringContaining('@'), decision: 'retry' })]);
});

test('a history that was damaged tells what is left of it', () => {
  const text = readFileSync(join(__dirname, '..', 'histories', 'parked-and-retried.json'), 'utf8');
  const whole = JSON.parse(text) as { events: Record<string, unknown>[] };
  const told = (value: unknown): void => {
    const { work, decisions } = readOperationHistory(value);
    for (const { id, verb, summary, error = '', attempts, ms = 0 } of work) {
      expect([id, verb, summary, error].every((one) => typeof one === 'string')).toBe(true);
      expect(Number.isFinite(attempts) && Number.isFinite(ms)).toBe(true);
    }
    for (const { at, by, decision } of decisions) expect([at, by, decision].every((one) => typeof one === 'string')).toBe(true);
  };
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(null, 7, 'x', [null], { payloads: { data: 1 } }, { cause: { cause: 'x' } }));
  // Each value of each event, one after the other, is something else.
  const keys = whole.events.flatMap((event, at) => Object.keys(event).flatMap((key) => [[at, key, undefined] as const,
    ...(typeof event[key] === 'object' && event[key] !== null ? Object.keys(event[key]).map((inner) => [at, key, inner] as const) : [])]));
  fc.assert(fc.property(fc.constantFrom(...keys), odd, ([at, key, inner], put) => {
    const event = whole.events[at]!;
    const changed = { ...event, [key]: inner === undefined ? put : { ...event[key] as object, [inner]: put } };
    told({ events: whole.events.map((one, index) => (index === at ? changed : one)) });
  }), { numRuns: 150 });
  fc.assert(fc.property(odd, (value) => { told(value); told({ events: value }); told({ events: [value, null, 1] }); }));
});

test('what is no history has nothing in it', () => {
  for (const odd of [undefined, {}, { events: [] }, { events: [{ eventId: 1, activityTaskScheduledEventAttributes: {} }] }]) expect(readOperationHistory(odd).work).toEqual([]);
});
