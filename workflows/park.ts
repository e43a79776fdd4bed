import { condition, workflowInfo } from '@temporalio/workflow';
import { hostsInTurn, lookMs, unwatched, watch, type Watched } from '../domain/changed-facts';
import type { ClusterSpec } from '../domain/cluster';
import type { HostFacts } from '../domain/facts';
import type { SkipFacts } from '../domain/skip-rules';
import type { Waiting } from '../domain/status';
import { type Failure, failureWait, watchable } from '../domain/waits';
import type { Decisions, Word } from './decisions';

export interface Parking {
  readonly failures: readonly Failure[];
  readonly facts: SkipFacts;
  /** How often this operation has tried again by itself. */
  readonly tried: number;
  readonly decisions: Decisions;
  /** Shows the wait, and its end. */
  show(waiting: Waiting | undefined): void;
  /** Shows when it looks again, and tells nobody: that would fill the history of the entity. */
  note(waiting: Waiting): void;
  /** A look at hosts of the spec, by their ids: short, and nothing is changed. */
  glance(hosts: readonly string[]): Promise<readonly HostFacts[]>;
  /** Goes on waiting as a new run, so that a history ends before it is too long. */
  renew(waiting: Waiting, watched: Watched): Promise<never>;
  /** The wait of the run before, and what it has seen. */
  readonly waiting?: Waiting | undefined;
  readonly watched?: Watched | undefined;
  /** The operation waits for the first time: what was said before speaks of no failure. */
  readonly first: boolean;
}

/** How a parked operation goes on: by a person's word, or because its time has come. */
export type Answer = Extract<Word, { decision: 'retry' | 'skip' | 'amend' }> | { readonly decision: 'timer' };

/** A parked operation goes on as a new run after so long: on newer code, with an empty history. */
const renewAfterMs = 24 * 60 * 60_000;
/** No operation of its own accord comes near this; one that people retry all day does. */
const longHistory = 20_000;

/**
 * Waits until somebody says what to do, or for the timer while tries are left, then until a host that failed has changed. A
 * failure that only a person can mend (a wrong password, a claimed host) has neither: trying again would lock an account.
 */
export async function park(parking: Parking): Promise<Answer> {
  const { decisions, show, failures, facts, tried } = parking;
  const waiting = parking.waiting ?? failureWait(failures, { spec: decisions.spec(), facts, tried, since: new Date() });
  let answer: Answer | undefined;
  if (parking.first) decisions.forget();
  show(waiting);
  const asked = (): boolean => (answer ??= decisions.take('retry', 'skip', 'amend')) !== undefined;
  if (!parking.waiting && !asked() && isLong(workflowInfo())) await parking.renew(waiting, unwatched);
  if (waiting.nextCheckAt !== undefined && !waiting.looks) {
    const dueMs = Math.max(Date.parse(waiting.nextCheckAt) - Date.now(), 1);
    if (!(await condition(asked, dueMs, { summary: 'parked: tries again by itself' }))) answer = { decision: 'timer' };
  } else {
    await untilSaidOrChanged(parking, waiting, asked);
  }
  show(undefined);
  return answer ?? { decision: 'timer' };
}

/** What ends when the host answers again. */
const unreached: readonly string[] = ['HostUnreachable', 'Disconnected'];

/** Returns when a word was said, or a host has changed. */
async function untilSaidOrChanged({ decisions, failures, tried, note, glance, renew, ...before }: Parking, first: Waiting, asked: () => boolean): Promise<void> {
  let [waiting, watched] = [first, before.watched ?? unwatched];
  const renewAt = Date.now() + renewMs(decisions.spec());
  const hosts = watchable(failures, decisions.spec());
  const lost = failures.flatMap(({ job: { host }, reason }) => (host && unreached.includes(reason) ? [host] : []));
  for (;;) {
    const leftMs = renewAt - Date.now();
    const nextMs = waiting.looks ? lookMs(decisions.spec(), tried, watched) : leftMs;
    if (waiting.looks) note(waiting = { ...waiting, nextCheckAt: new Date(Date.now() + nextMs).toISOString() });
    const summary = nextMs < leftMs ? 'parked: looks whether a host has changed' : 'parked: goes on as a new run';
    if (await condition(asked, Math.max(Math.min(nextMs, leftMs), 1), { summary })) return;
    if (nextMs >= leftMs || isLong(workflowInfo())) await renew(waiting, watched);
    // Somebody holds it still: nothing is asked of any host.
    const seenNow = decisions.paused() ? [] : await glance(hostsInTurn(hosts, watched));
    const { changed, ...seen } = watch(watched, seenNow, lost);
    watched = seen;
    if (changed || asked()) return;
  }
}

/** After how long a wait goes on as a new run, milliseconds. */
export const renewMs = ({ policy }: ClusterSpec): number => policy.parkRenewMs ?? renewAfterMs;

/** Whether a run should end at its next park point. */
const isLong = ({ historyLength, continueAsNewSuggested }: { historyLength: number; continueAsNewSuggested: boolean }): boolean =>
  continueAsNewSuggested || historyLength > longHistory;
