import { ServiceError } from '@temporalio/client';
import { onceAgain } from '../../client/once-again';

/** As the SDK gives an answer of the server. */
const answer = (code: number, details: string): Error => new ServiceError('Failed to query Workflow', { cause: Object.assign(new Error(details), { code, details, metadata: {} }) });
const answers = (...what: (Error | string)[]) => {
  let asked = 0;
  return { asked: () => asked, question: () => { const one = what[asked++]!; return one instanceof Error ? Promise.reject(one) : Promise.resolve(one); } };
};
const late = answer(4, 'Deadline exceeded');

test.each([['by its deadline', late], ['as a cancelled call', answer(1, 'Cancelled on client')]])('a question whose time ran out, told %s, is put once again', async (_how, error) => {
  const { question, asked } = answers(error, 'a view');
  expect(await onceAgain(question)).toBe('a view');
  expect(asked()).toBe(2);
});

test('whoever is silent twice is silent', async () => {
  const { question, asked } = answers(late, late, 'too late');
  await expect(onceAgain(question)).rejects.toBe(late);
  expect(asked()).toBe(2);
});

test.each([['no server', answer(14, 'unavailable')], ['nobody who polls', answer(9, 'no poller seen for task queue recently')], ['an error of our own', new Error('mine')]])('%s is an answer', async (_what, error) => {
  const { question, asked } = answers(error, 'a view');
  await expect(onceAgain(question)).rejects.toBe(error);
  expect(asked()).toBe(1);
});
