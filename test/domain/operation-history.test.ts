import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('what is no history has nothing in it', () => {
  for (const odd of [undefined, {}, { events: [] }, { events: [{ eventId: 1, activityTaskScheduledEventAttributes: {} }] }]) expect(readOperationHistory(odd).work).toEqual([]);
});
