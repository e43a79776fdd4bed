import { ServiceError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { untilTaken } from '../../client/until-taken';

/** As the SDK gives an answer of the server. */
const answer = (code: number, details: string): Error => new ServiceError('Update-With-Start failed', { cause: Object.assign(new Error(details), { code, details, metadata: {} }) });
const dropped = answer(9, 'Update-with-Start could not be executed.');
const answers = (...what: (Error | string)[]) => {
  let asked = 0;
  return { asked: () => asked, request: () => { const one = what[Math.min(asked++, what.length - 1)]!; return one instanceof Error ? Promise.reject(one) : Promise.resolve(one); } };
};

/** What the server says of an update that a workflow task has ended without. */
const unprocessed = new WorkflowUpdateFailedError('Workflow Update failed', ApplicationFailure.nonRetryable("it wasn't processed by worker", 'UnprocessedUpdate'));

test.each([['dropped', dropped], ['left unprocessed', unprocessed]])('a request that the server %s is made again', async (_how, error) => {
  const { request, asked } = answers(error, error, 'init-1');
  expect(await untilTaken(Date.now() + 10_000, request)).toBe('init-1');
  expect(asked()).toBe(3);
});

test('until its time is over', async () => {
  const { request } = answers(dropped);
  await expect(untilTaken(Date.now() + 300, request)).rejects.toBe(dropped);
});

test.each([
  ['that nobody polls', answer(9, 'no poller seen for task queue recently')], ['not found', answer(5, 'workflow not found')],
  ['unavailable', answer(14, 'unavailable')],
  ['a refusal of the cluster', new WorkflowUpdateFailedError('Workflow Update failed', ApplicationFailure.nonRetryable('busy', 'ClusterBusy'))], ['an error of our own', new Error('mine')],
])('%s is an answer', async (_what, error) => {
  const { request, asked } = answers(error, 'init-1');
  await expect(untilTaken(Date.now() + 10_000, request)).rejects.toBe(error);
  expect(asked()).toBe(1);
});
