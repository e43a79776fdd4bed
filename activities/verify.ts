import type { WholeSlice } from '../domain/cluster-slice';
import { awaitReadyNodes } from '../domain/commands/kubernetes';
import { someOf } from '../domain/some-of';
import { unwhole, wholeWords } from '../domain/whole';
import { asked } from './asked';
import type { Deps } from './deps';
import { lookThrough } from './etcd';
import type { HostInput } from './host-input';
import { poll } from './poll';
import { inScope } from './scope';

export interface VerifyInput extends HostInput {
  readonly cluster: WholeSlice;
  /** Host ids that are known to be away: nobody waits for them. */
  readonly absent?: readonly string[];
}

/**
 * Looks at the cluster as an observer: every host has its Node, at the right version and Ready; etcd's members are the
 * control planes. Gives the sentence that the status shows.
 */
export const verifyCluster = (deps: Deps) => async ({ where, host, cluster, absent = [] }: VerifyInput): Promise<string> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const network = cluster.images.some(({ kind }) => kind === 'application');
    const wanted = { controlPlanes: cluster.controlPlanes, workers: cluster.workers, version: cluster.version, absent, network };
    if (network && absent.length === 0) await session.run(awaitReadyNodes(20));
    let words = '';
    await poll({ scope, host: host.id, what: 'that the cluster is whole', everyMs: 1_000, timeoutMs: 180_000 }, async () => {
      const seen = await asked(() => lookThrough(session, host));
      if (typeof seen === 'string') return seen;
      const missing = unwhole(wanted, seen);
      words = wholeWords(wanted, seen);
      return missing.length === 0 || someOf(missing, String, '; ');
    });
    return words;
  });
