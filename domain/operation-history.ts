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

type Json = Record<string, unknown>;
const at = (value: unknown, key: string): Json => ((value as Json | undefined)?.[key] ?? {}) as Json;
const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Reads a history in the form of Temporal's tools (`historyToJSON`; also the files below `history/`). What it does not know
 * it passes over: histories of other versions stay readable.
 */
export function readOperationHistory(history: unknown): OperationRecord {
  const events = ((history as { events?: Json[] } | undefined)?.events ?? []).filter((event) => typeof event === 'object');
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
    const begun = event['activityTaskStartedEventAttributes'] as Json | undefined;
    if (begun) started.set(refOf(begun), { attempt: Number(begun['attempt'] ?? 1), error: failureOf(begun['lastFailure']) });
    for (const [key, outcome] of endings) {
      const end = event[key] as Json | undefined;
      const ref = end ? refOf(end) : '';
      const item = work.get(ref);
      if (!end || !item) continue;
      const run = started.get(ref);
      const error = failureOf(end['failure']) || run?.error || '';
      work.set(ref, {
        ...item, outcome, attempts: run?.attempt ?? 0, endedAt: time, ms: Math.max(0, Date.parse(time) - Date.parse(item.scheduledAt)), ...(error ? { error } : {}),
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

const refOf = (attributes: Json): string => String(attributes['scheduledEventId'] ?? '');

/** The innermost cause is what went wrong. */
function failureOf(failure: unknown): string {
  let inner = failure as Json | undefined;
  while (inner?.['cause']) inner = inner['cause'] as Json;
  return word(inner?.['message']).slice(0, 500);
}

function decisionOf(signal: Json): { by: string; decision: string } {
  const [first] = (at(signal, 'input')['payloads'] ?? []) as Json[];
  const { by, decision } = (payloadOf(first) ?? {}) as { by?: string; decision?: string };
  return { by: by ?? 'somebody', decision: decision ?? 'said something' };
}

const summaryOf = (event: Json): string => word(payloadOf(at(event, 'userMetadata')['summary'] as Json | undefined));

/** A payload of JSON, which travels as base64. */
function payloadOf(payload: Json | undefined): unknown {
  const data = word(payload?.['data']);
  if (data === '') return undefined;
  try {
    return JSON.parse(decode(data));
  } catch {
    return undefined;
  }
}

function decode(base64: string): string {
  const binary = atob(base64);
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
