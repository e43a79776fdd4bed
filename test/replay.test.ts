import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

/**
 * Histories of real runs, replayed by the code of today. A failure means that a running cluster would stop at the next
 * release: take the change back, or put it behind `patched`. `KEELSON_RECORD_HISTORIES=1 npm run test:workflow` makes new ones; an old one goes
 * only when no cluster can be running on it any more.
 */
const folder = join(__dirname, 'histories');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('../workflows'), logger: new DefaultLogger('ERROR') });
}, 60_000);

const load = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

/** A damaged history makes the replayer wait for ever: that is a failure as well. */
async function replay(history: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the replay does not end')), 20_000);
  });
  try {
    await Promise.race([Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history), 'cluster/replayed'), late]);
  } finally {
    clearTimeout(timer);
  }
}

test('there is a history of every shape', () => {
  expect(names.sort()).toEqual([
    'amended.json', 'approved.json', 'cancelled.json', 'entity-absent.json', 'entity-forgotten.json', 'entity-idle.json', 'entity-operation.json', 'init.json',
    'parked-and-retried.json', 'paused.json', 'preflight.json', 'reconcile-nothing.json', 'reset.json', 'skipped.json', 'timer-retry.json',
  ]);
});

test.each(names)('%s replays', async (name) => {
  await replay(load(name));
});

test('a pause that was said before an operation has begun is heard in its first task', async () => {
  const { events: [started, scheduled] } = load('init.json') as { events: Record<string, unknown>[] };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const word = { decision: 'pause', by: 'bo@desk', at: '2026-01-01T00:00:00.000Z' };
  const { eventTime } = scheduled!;
  await replay({ events: [started, scheduled, {
    eventId: '3', eventTime, eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED',
    workflowExecutionSignaledEventAttributes: { signalName: 'decision', input: { payloads: [{ metadata: { encoding: base64('json/plain') }, data: base64(JSON.stringify(word)) }] } },
  }, {
    eventId: '4', eventTime, eventType: 'EVENT_TYPE_WORKFLOW_TASK_STARTED', workflowTaskStartedEventAttributes: { scheduledEventId: '2' },
  }, {
    eventId: '5', eventTime, eventType: 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED', workflowTaskCompletedEventAttributes: { scheduledEventId: '2', startedEventId: '4', sdkMetadata: { coreUsedFlags: [1, 2, 3] } },
  }, {
    // It begins nothing, and tells the entity that it waits.
    eventId: '6', eventTime, eventType: 'EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
    signalExternalWorkflowExecutionInitiatedEventAttributes: { workflowTaskCompletedEventId: '5', namespace: 'default', workflowExecution: { workflowId: 'cluster/replayed' }, signalName: 'progress' },
  }] });
});

describe('an entity of before Keelson kept copies of its state while it waits goes on', () => {
  interface Histories { readonly events: Record<string, unknown>[] }
  const events = (name: string): Record<string, unknown>[] => (load(name) as Histories).events;
  const payloads = (value: unknown) => ({ payloads: [{ metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: Buffer.from(JSON.stringify(value)).toString('base64') }] });
  /** What happened to it next, and what it did: nothing. The task after that makes the replayer compare the two. */
  const goesOn = async (before: Record<string, unknown>[], { seen, said = () => [] }: { seen?: object; said?: (task: number) => object[] }): Promise<void> => {
    const list: object[] = [...before];
    const add = (type: string, attributes: Record<string, unknown>): number => list.push({ eventId: `${list.length + 1}`, eventTime: before.at(-1)!['eventTime'], eventType: `EVENT_TYPE_${type}`, ...attributes });
    const task = (): number => {
      const scheduled = add('WORKFLOW_TASK_SCHEDULED', { workflowTaskScheduledEventAttributes: { attempt: 1 } });
      const started = add('WORKFLOW_TASK_STARTED', { workflowTaskStartedEventAttributes: { scheduledEventId: `${scheduled}` } });
      return add('WORKFLOW_TASK_COMPLETED', { workflowTaskCompletedEventAttributes: { scheduledEventId: `${scheduled}`, startedEventId: `${started}` } });
    };
    if (seen) add('WORKFLOW_EXECUTION_SIGNALED', { workflowExecutionSignaledEventAttributes: seen });
    for (const one of said(task())) {
      const [[type, attributes]] = Object.entries(one) as [[string, Record<string, unknown>]];
      add(type, attributes);
    }
    task();
    await replay({ events: list });
  };

  test('that was given a policy', async () => {
    const [started] = events('entity-idle.json') as [{ workflowExecutionStartedEventAttributes: { input: { payloads: { data: string }[] } } }];
    const state = JSON.parse(Buffer.from(started.workflowExecutionStartedEventAttributes.input.payloads[0]!.data, 'base64').toString()) as { desired: { spec: { policy: object } } };
    const args = payloads({ by: 'bo@desk', base: '', policy: { ...state.desired.spec.policy, noWait: true } });
    await goesOn(events('entity-idle.json'), {
      said: (task) => [
        { WORKFLOW_EXECUTION_UPDATE_ACCEPTED: { workflowExecutionUpdateAcceptedEventAttributes: {
          protocolInstanceId: 'u1', acceptedRequestMessageId: 'u1/request', acceptedRequestSequencingEventId: `${task - 2}`, acceptedRequest: { meta: { updateId: 'u1', identity: 'cli' }, input: { header: {}, name: 'policy', args } },
        } } },
        { WORKFLOW_EXECUTION_UPDATE_COMPLETED: { workflowExecutionUpdateCompletedEventAttributes: {
          meta: { updateId: 'u1', identity: 'cli' }, acceptedEventId: `${task + 1}`, outcome: { success: { payloads: [{ metadata: { encoding: Buffer.from('binary/null').toString('base64') } }] } },
        } } },
      ],
    });
  });

  test('whose operation waits for somebody after a failure', async () => {
    const all = events('entity-operation.json');
    const signal = all.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED');
    const waiting = { kind: 'failure', since: '2026-01-01T00:00:00.000Z', failures: [] };
    // Somebody holds it still in the same moment: that word is the first thing it does.
    await goesOn(all.slice(0, signal), {
      seen: { signalName: 'progress', input: payloads({ operation: 'init-1', waiting }) },
      said: (task) => [
        { WORKFLOW_EXECUTION_UPDATE_ACCEPTED: { workflowExecutionUpdateAcceptedEventAttributes: {
          protocolInstanceId: 'u1', acceptedRequestMessageId: 'u1/request', acceptedRequestSequencingEventId: `${task - 2}`, acceptedRequest: { meta: { updateId: 'u1', identity: 'cli' }, input: { header: {}, name: 'pause', args: payloads({ by: 'bo@desk' }) } },
        } } },
        { SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: { signalExternalWorkflowExecutionInitiatedEventAttributes: { workflowTaskCompletedEventId: `${task}`, namespace: 'default', workflowExecution: { workflowId: 'cluster/replayed/init-1' }, signalName: 'decision' } } },
      ],
    });
  });
});

test('a history that does not fit the code is found out', async () => {
  const history = load('init.json') as { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
  const scheduled = history.events.find(({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType.name === 'initControlPlane');
  if (!scheduled?.activityTaskScheduledEventAttributes) throw new Error('no init in the history');
  scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
  await expect(replay(history)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
});
