import type { Decision } from '../../domain/hands';
import type { Waiting } from '../../domain/status';
import type { Failure } from '../../domain/waits';
import type { Decisions, Word } from '../../workflows/decisions';
import { heardFirst, People } from '../../workflows/people';
import { aCluster } from '../fixtures';

/** No time passes: what is not so already is not waited for. */
jest.mock('@temporalio/workflow', () => ({ condition: async (fn: () => boolean) => fn(), workflowInfo: () => ({ historyLength: 1, continueAsNewSuggested: false }) }));

const spec = aCluster(1, 1);
const failures: Failure[] = [{ job: { id: 'Join/10.0.0.2', stage: 'Join', host: '10.0.0.2', reason: 'joins as worker' }, reason: 'CommandFailed', message: 'exited 1' }];
const waiting: Waiting = { kind: 'failure', reason: 'CommandFailed', message: 'exited 1', since: '2026-01-01T00:00:00Z', nextCheckAt: new Date(Date.now() + 60_000).toISOString(), commands: [] };

/** What an operation that has heard these words does when something has failed. */
async function answers(words: Word[], before?: Waiting): Promise<string> {
  const decisions = {
    spec: () => spec, paused: () => undefined, forget: () => { words = []; },
    take: (...kinds: Decision['decision'][]) => (kinds.includes(words[0]?.decision ?? 'plan') ? words.shift() : undefined),
  } as unknown as Decisions;
  const people = new People({
    decisions, heard: heardFirst({}), report: () => undefined, approved: false, noWait: false, show: () => undefined, note: () => undefined, glance: async () => [],
    facts: () => ({ spec, images: [], leader: '10.0.0.1' }), renew: () => Promise.reject(new Error('renewed')),
  });
  return (await people.mended(failures, before)).decision;
}

test('a word that came between two runs of a parked operation is about what it waits for', async () => {
  expect(await answers([{ decision: 'retry', by: 'bo@desk' }], waiting)).toBe('retry');
});

test('one that came before anything had failed is about nothing', async () => {
  expect(await answers([{ decision: 'retry', by: 'bo@desk' }])).toBe('timer');
});
