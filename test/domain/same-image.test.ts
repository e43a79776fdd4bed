import { planCluster } from '../../domain/plan';
import { eachOnce, refsOf, twinProblems } from '../../domain/same-image';
import { aCluster, anImage, bareFacts, someImages } from '../fixtures';

const twin = { ...anImage('web', 'application'), ref: 'registry.example.com/web:latest' };
const images = [...someImages(), twin];

test('a reference that is written twice is one', () => {
  expect(refsOf({ images: ['kubernetes', 'web', 'web'] })).toEqual(['kubernetes', 'web']);
});

test('of two references of one image the first counts, and the other one is told of', () => {
  expect(eachOnce(images)).toEqual(someImages());
  expect(twinProblems(images)).toEqual([expect.objectContaining({ severity: 'warning', where: twin.ref, message: expect.stringContaining('the same image as web;') as string })]);
  expect(twinProblems(someImages())).toEqual([]);
});

test('so no two jobs of a plan bear one id', () => {
  const spec = aCluster(1, 1);
  const ids = planCluster({ spec, images: eachOnce(images), problems: [], facts: spec.hosts.map(({ id }) => bareFacts(id)) }).jobs.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
