let mockIsNew = true;
jest.mock('@temporalio/workflow', () => ({ patched: () => mockIsNew }));
import { sideBySide } from '../../workflows/side-by-side';

/** Does nothing to so many, and gives how many were at it at once. */
async function atOnce(count: number, most: number): Promise<{ answers: number[]; peak: number; order: number[] }> {
  let [now, peak] = [0, 0];
  const order: number[] = [];
  const answers = await sideBySide(Array.from({ length: count }, (_, at) => at), { most, change: 'x' }, async (one) => {
    order.push(one);
    peak = Math.max(peak, now += 1);
    await new Promise((resolve) => { setImmediate(resolve); });
    now -= 1;
    return one * 2;
  });
  return { answers, peak, order };
}

afterEach(() => { mockIsNew = true; });

test('at most so many at once, in their order, and every answer in its place', async () => {
  const { answers, peak, order } = await atOnce(50, 7);
  expect(peak).toBe(7);
  expect(order).toEqual(Array.from({ length: 50 }, (_, at) => at));
  expect(answers).toEqual(order.map((one) => one * 2));
});

test('a history that began without lanes goes on without', async () => {
  mockIsNew = false;
  expect((await atOnce(50, 7)).peak).toBe(50);
});

test('the first failure is told', async () => {
  await expect(sideBySide([1, 2, 3, 4], { most: 2, change: 'x' }, (one) => (one === 3 ? Promise.reject(new Error('three')) : Promise.resolve(one)))).rejects.toThrow('three');
});
