import { CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import type { Decision, Paused } from '../domain/hands';
import { rootFailure } from './explain';
import { decisionSignal } from './messages';
import { on as verbs, type On } from './on';

/** A word that ends a wait. */
export type Word = Extract<Decision, { decision: 'retry' | 'skip' | 'approve' | 'amend' }>;

/** What people have said to an operation so far, and the verbs that heed it. */
export interface Decisions {
  /** What is wanted now: an amendment and a changed policy count from here on. */
  spec(): ClusterSpec;
  paused(): Paused | undefined;
  /** Resolves when nobody holds it still any more. */
  released(): Promise<void>;
  /** Resolves when anything else was said about how it works: a policy, a pause, its end. */
  changed(): Promise<void>;
  /** The verbs: while somebody holds the operation still, no activity begins. */
  readonly on: On;
  /** Forgets what was said to an earlier wait. An amendment is about no wait: it counts until a look heeds it. */
  forget(): void;
  /** Something was amended since the last look. */
  amended(): boolean;
  /** Takes the next word of these kinds; undefined when none was said. */
  take<K extends Word['decision']>(...kinds: readonly K[]): Extract<Word, { decision: K }> | undefined;
}

export interface Listening {
  readonly spec: ClusterSpec;
  readonly paused?: Paused | undefined;
  /** Called when a pause begins or ends (before listen() has returned where that was said before the run's first task), and when the last activity that ran has ended while it lasts. */
  onPause(paused: Paused | undefined, running: number): void;
  /** Called when somebody asks which plan runs; absent: no plan does. */
  onAsk?(): void;
}

/**
 * Hears what people say to an operation. A pause lets what runs go on to its end and begins nothing: an activity that is
 * tried again meanwhile ends at once (workers/pause.ts) and begins anew when the pause is over. A cancel ends it as well.
 */
export function listen({ spec: first, paused: before, onPause, onAsk }: Listening): Decisions {
  let spec = first;
  let paused = before;
  let running = 0;
  let words: Word[] = [];
  let said = 0;
  const operation = CancellationScope.current();

  // A cancel lets go of what is held: what it must not cut off goes on to its end. Heard by the cancel itself: a resume before it would begin all that was held.
  operation.cancelRequested.catch(() => {
    if (!paused) return undefined;
    paused = undefined;
    said += 1;
    return CancellationScope.nonCancellable(async () => onPause(undefined, running));
  });
  setHandler(decisionSignal, (word) => {
    if (word.decision === 'plan') return onAsk?.();
    if (word.decision === 'pause' && operation.consideredCancelled) return;
    said += 1;
    if (word.decision === 'pause') paused = { by: word.by, at: word.at, ...(word.reason ? { reason: word.reason } : {}) };
    else if (word.decision === 'resume') paused = undefined;
    else if (word.decision === 'policy') spec = { ...spec, policy: word.policy };
    else words.push(word);
    if (word.decision === 'amend') spec = word.spec;
    if (word.decision === 'pause' || word.decision === 'resume') onPause(paused, running);
  });

  const released = async (): Promise<void> => {
    if (!paused) return;
    if (running === 0) onPause(paused, 0);
    await condition(() => paused === undefined);
  };
  const heed = async <T>(act: () => Promise<T>): Promise<T> => {
    for (;;) {
      await released();
      running += 1;
      try {
        return await act();
      } catch (error) {
        if (rootFailure(error)?.type !== pausedType) throw error;
      } finally {
        running -= 1;
        if (paused && running === 0) onPause(paused, 0);
      }
      // It was stopped by a pause of which the word comes in a moment, or has gone again.
      await condition(() => paused !== undefined, 1_000, { summary: 'paused: waits for the word' });
    }
  };

  return {
    spec: () => spec,
    paused: () => paused,
    released,
    changed: () => {
      const before = said;
      return condition(() => said !== before);
    },
    on: Object.fromEntries(Object.entries(verbs).map(([kind, proxy]) => [kind, heeding(proxy, heed)])) as unknown as On,
    forget: () => { words = words.filter(({ decision }) => decision === 'amend'); },
    amended: () => words.some(({ decision }) => decision === 'amend'),
    take: (...kinds) => {
      const at = words.findIndex(({ decision }) => (kinds as readonly string[]).includes(decision));
      return at < 0 ? undefined : (words.splice(at, 1)[0] as never);
    },
  };
}

/** Type of the failure by which an attempt ends that met a pause. */
const pausedType = 'Paused';

type Verb = ((...args: unknown[]) => Promise<unknown>) & { executeWithOptions(options: object, args: unknown[]): Promise<unknown> };

/** The same verbs, each of them through `heed`. A proxy again, as the verbs themselves are. */
function heeding<P extends object>(proxy: P, heed: <T>(act: () => Promise<T>) => Promise<T>): P {
  return new Proxy(proxy, {
    get: (target, name) => {
      const verb = Reflect.get(target, name) as Verb;
      const call = (...args: unknown[]) => heed(() => verb(...args));
      return Object.assign(call, { executeWithOptions: (options: object, args: unknown[]) => heed(() => verb.executeWithOptions(options, args)) });
    },
  });
}
