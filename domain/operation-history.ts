import { textOfBase64 } from './base64';
import type { JsonObject } from './cluster';
import { isObject, listAt, objectAt } from './kubeadm/json';

/** What a workflow history tells of an operation: every piece of work with its attempts, and what people said. */
export interface OperationRecord {
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly work: readonly WorkRecord[];
  readonly decisions: readonly DecisionRecord[];
}

/** One activity: a stage on a host. */
export interface WorkRecord {
  /** `<stage>/<host>`, or what else the activity was called. */
  readonly id: string;
  readonly verb: string;
  /** In words, as the Temporal UI has it. */
  readonly summary: string;
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Milliseconds from its scheduling to its end. */
  readonly ms?: number;
  readonly outcome: 'done' | 'failed' | 'timed out' | 'cancelled' | 'running';
  /** Of the last attempt, or of one that failed before the last. */
  readonly error?: string;
}

/** A person's word to the operation. */
export interface DecisionRecord {
  readonly at: string;
  readonly by: string;
  readonly decision: string;
}

const at = (value: unknown, key: string): JsonObject => objectAt(isObject(value) ? value : undefined, key);
const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Reads a history in the form of Temporal's tools (`historyToJSON`; also the files below `history/`). What it does not know
 * it passes over: histories of other versions stay readable.
 */
export function readOperationHistory(history: unknown): OperationRecord {
  const events = listAt(isObject(history) ? history : undefined, 'events').filter(isObject);
  const work = new Map<string, WorkRecord & { readonly scheduledAt: string }>();
  const started = new Map<string, { attempt: number; error: string }>();
  const decisions: DecisionRecord[] = [];
  let endedAt: string | undefined;
  for (const event of events) {
    const time = word(event['eventTime']);
    const id = word(event['eventId']) || String(event['eventId'] ?? '');
    const scheduled = at(event, 'activityTaskScheduledEventAttributes');
    if (scheduled['activityType']) {
      const verb = word(at(scheduled, 'activityType')['name']);
      work.set(id, { id: word(scheduled['activityId']), verb, summary: summaryOf(event) || verb, attempts: 0, outcome: 'running', scheduledAt: time, startedAt: time });
    }
    const begun = event['activityTaskStartedEventAttributes'];
    if (isObject(begun)) started.set(refOf(begun), { attempt: Number(begun['attempt'] ?? 1) || 1, error: failureOf(begun['lastFailure']) });
    for (const [key, outcome] of endings) {
      const end = event[key];
      const ref = isObject(end) ? refOf(end) : '';
      const item = work.get(ref);
      if (!isObject(end) || !item) continue;
      const run = started.get(ref);
      const error = failureOf(end['failure']) || run?.error || '';
      work.set(ref, {
        ...item, outcome, attempts: run?.attempt ?? 0, endedAt: time, ms: Math.max(0, Date.parse(time) - Date.parse(item.scheduledAt)) || 0, ...(error ? { error } : {}),
      });
    }
    const signal = at(event, 'workflowExecutionSignaledEventAttributes');
    if (signal['signalName'] === 'decision') decisions.push({ at: time, ...decisionOf(signal) });
    if (Object.keys(event).some((key) => /^workflowExecution(Completed|Failed|Canceled|Terminated|TimedOut|ContinuedAsNew)EventAttributes$/.test(key))) endedAt = time;
  }
  const items = [...work].map(([ref, { scheduledAt: _at, ...item }]) => ({ ...item, attempts: item.attempts || (started.get(ref)?.attempt ?? 0) }));
  const startedAt = word(events[0]?.['eventTime']);
  return { ...(startedAt ? { startedAt } : {}), ...(endedAt ? { endedAt } : {}), work: items, decisions };
}

const endings = [
  ['activityTaskCompletedEventAttributes', 'done'], ['activityTaskFailedEventAttributes', 'failed'],
  ['activityTaskTimedOutEventAttributes', 'timed out'], ['activityTaskCanceledEventAttributes', 'cancelled'],
] as const;

const refOf = (attributes: JsonObject): string => String(attributes['scheduledEventId'] ?? '');

/** The innermost cause is what went wrong. */
function failureOf(failure: unknown): string {
  let inner = isObject(failure) ? failure : {};
  for (let cause = inner['cause']; isObject(cause); cause = inner['cause']) inner = cause;
  return word(inner['message']).slice(0, 500);
}

function decisionOf(signal: JsonObject): { by: string; decision: string } {
  const [first] = listAt(objectAt(signal, 'input'), 'payloads');
  const said = payloadOf(first);
  const of = (key: string): string => (isObject(said) ? word(said[key]) : '');
  return { by: of('by') || 'somebody', decision: of('decision') || 'said something' };
}

const summaryOf = (event: JsonObject): string => word(payloadOf(at(event, 'userMetadata')['summary']));

/** A payload of JSON, which travels as base64. */
function payloadOf(payload: unknown): unknown {
  const data = word(isObject(payload) ? payload['data'] : undefined);
  if (data === '') return undefined;
  try {
    return JSON.parse(textOfBase64(data));
  } catch {
    return undefined;
  }
}
