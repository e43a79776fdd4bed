import { CancelledFailure } from '@temporalio/common';
import type { HostTarget } from '../domain/cluster';
import { readRunning } from '../domain/commands/running-settings';
import { ClusterError } from '../domain/errors';
import type { ClusterFacts } from '../domain/facts';
import type { NodeSettings } from '../domain/node-settings';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { lookThrough } from './etcd';
import { inScope } from './scope';

export interface ObserveClusterInput {
  readonly where: Where;
  /** Control planes that may answer, the likeliest first. */
  readonly controlPlanes: readonly HostTarget[];
  /** What the Policy wants of Nodes, by address. */
  readonly wanted?: Readonly<Record<string, NodeSettings>>;
}

/** Looks at the whole cluster through the first control plane that answers; `null` when none does. Changes nothing. */
export const observeCluster = (deps: Deps) => async ({ where, controlPlanes, wanted = {} }: ObserveClusterInput): Promise<ClusterFacts | null> =>
  inScope(deps, where, 'cluster', async (scope) => {
    for (const host of controlPlanes) {
      try {
        const session = await deps.remote.to(host, scope);
        const [{ through, nodes, etcd }, running] = await Promise.all([lookThrough(session, host, wanted), session.run(readRunning)]);
        return { through, nodes, etcd, ...running };
      } catch (error) {
        if (error instanceof CancelledFailure || scope.signal.aborted || !(error instanceof ClusterError)) throw error;
        scope.log(`${host.id} was asked for the cluster: ${error.message}`);
      }
    }
    return null;
  });
