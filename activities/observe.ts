import { CancelledFailure } from '@temporalio/common';
import type { HostTarget } from '../domain/cluster';
import { parseProbe } from '../domain/commands/parse-probe';
import { probe } from '../domain/commands/probe';
import { ClusterError } from '../domain/errors';
import { type HostFacts, unreachable } from '../domain/facts';
import type { Places } from '../domain/places';
import { pause } from './poll';
import type { Remote, Scope } from './ports';

export interface ObserveInput {
  readonly host: HostTarget;
  /** Name of the cluster whose files are looked for. */
  readonly cluster: string;
  readonly places?: Places;
  readonly scope: Scope;
}

/**
 * Looks at one host with one command that changes nothing. A host that cannot be reached, or that gives no answer to make
 * sense of, is a fact with its reason; only cancellation is thrown.
 */
export const createObserve = ({ remote, clock = Date.now }: { readonly remote: Remote; readonly clock?: () => number }) =>
  async (input: ObserveInput): Promise<HostFacts> => {
    const { host, scope } = input;
    try {
      return await lookAgain(() => lookOnce({ remote, clock }, input), scope, clock);
    } catch (error) {
      if (error instanceof CancelledFailure || scope.signal.aborted || !(error instanceof ClusterError)) throw error;
      const { type, message, details: { todo } } = error;
      return unreachable(host.id, { type, message, ...(todo ? { todo } : {}) });
    }
  };

/** What may pass by itself within a moment. A refused login does not, and trying again could lock the account. */
const passing: ReadonlySet<string> = new Set(['Disconnected', 'HostUnreachable', 'CommandFailed', 'CommandTimedOut']);
/** Looks that fail are made again with growing pauses, milliseconds. */
const pauses = [100, 200, 400, 800];
/** A host that says nothing for so long has had its chance: it is waited for once. */
const silenceMs = 4_500;
/** So long is a host looked at that answers, and wrongly. Much longer than a look: many side by side, or a busy machine, are slow. */
const patienceMs = 20_000;

/**
 * A kept connection may turn out to be dead only now, an sshd may be at its limit, an answer may come in half: before the
 * first change one failed look would end the whole operation, so such a look is made again.
 */
async function lookAgain(look: () => Promise<HostFacts>, scope: Scope, clock: () => number): Promise<HostFacts> {
  const started = clock();
  for (let failed = 0; ; failed += 1) {
    const began = clock();
    try {
      return await look();
    } catch (error) {
      const wait = pauses[failed];
      if (!(error instanceof ClusterError) || !passing.has(error.type) || wait === undefined) throw error;
      if (error.type === 'HostUnreachable' && clock() - began > silenceMs) throw error;
      // One that let us in and then hung has a second chance all the same.
      if (clock() - started > patienceMs && (failed > 0 || error.type !== 'CommandTimedOut')) throw error;
      await pause(wait, scope.signal);
    }
  }
}

async function lookOnce(
  { remote, clock }: { readonly remote: Remote; readonly clock: () => number }, { host, cluster, scope, places }: ObserveInput,
): Promise<HostFacts> {
  const session = await remote.to(host, scope);
  const sentAtMs = clock();
  const stdout = await session.run(probe(cluster, places));
  return {
    ...parseProbe(stdout, { host: host.id, sentAtMs, receivedAtMs: clock() }),
    ...(session.hostKey ? { hostKey: session.hostKey } : {}),
    ...(session.fingerprint ? { fingerprint: session.fingerprint } : {}),
  };
}
