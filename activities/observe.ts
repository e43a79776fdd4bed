import { CancelledFailure } from '@temporalio/common';
import type { HostTarget } from '../domain/cluster';
import { parseProbe } from '../domain/commands/parse-probe';
import { probe } from '../domain/commands/probe';
import { ClusterError } from '../domain/errors';
import { type HostFacts, unreachable } from '../domain/facts';
import type { Remote, Scope } from './ports';

export interface ObserveInput {
  readonly host: HostTarget;
  /** Name of the cluster whose files are looked for. */
  readonly cluster: string;
  readonly scope: Scope;
}

/**
 * Looks at one host with one command that changes nothing. A host that cannot be reached, or that gives no answer to make
 * sense of, is a fact with its reason; only cancellation is thrown.
 */
export const createObserve = ({ remote, clock = Date.now }: { readonly remote: Remote; readonly clock?: () => number }) =>
  async ({ host, cluster, scope }: ObserveInput): Promise<HostFacts> => {
    try {
      return await lookTwice(() => lookOnce({ remote, clock }, { host, cluster, scope }));
    } catch (error) {
      if (error instanceof CancelledFailure || scope.signal.aborted || !(error instanceof ClusterError)) throw error;
      const { type, message, details: { todo } } = error;
      return unreachable(host.id, { type, message, ...(todo ? { todo } : {}) });
    }
  };

/** A kept connection may turn out to be dead only now; a second one tells whether the host is. */
async function lookTwice(look: () => Promise<HostFacts>): Promise<HostFacts> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ClusterError && error.type === 'Disconnected') return look();
    throw error;
  }
}

async function lookOnce(
  { remote, clock }: { readonly remote: Remote; readonly clock: () => number }, { host, cluster, scope }: ObserveInput,
): Promise<HostFacts> {
  const session = await remote.to(host, scope);
  const sentAtMs = clock();
  const stdout = await session.run(probe(cluster));
  return {
    ...parseProbe(stdout, { host: host.id, sentAtMs, receivedAtMs: clock() }),
    ...(session.hostKey ? { hostKey: session.hostKey } : {}),
    ...(session.fingerprint ? { fingerprint: session.fingerprint } : {}),
  };
}
