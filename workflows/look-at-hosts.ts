import { isCancellation } from '@temporalio/workflow';
import { type ClusterSpec, targetOf } from '../domain/cluster';
import { type HostFacts, unreachable } from '../domain/facts';
import { placesOf } from '../domain/places';
import { whereOf } from '../domain/where';
import { explain } from './explain';
import type { HostsLook } from './messages';
import { on } from './on';
import { sideBySide } from './side-by-side';

export interface LookAtHostsInput {
  readonly spec: ClusterSpec;
  readonly uid: string;
  readonly hostKeys: Readonly<Record<string, string>>;
}

/** All hosts, side by side, beside whatever else runs. Nothing is changed, and a dead host takes its seconds and no more. */
export async function lookAtHosts({ spec, uid, hostKeys }: LookAtHostsInput): Promise<HostsLook> {
  return { facts: await glanceAt({ spec, uid, hostKeys }), at: new Date().toISOString() };
}

/** The facts of all hosts; a host that does not answer in time is a fact too. */
export function glanceAt({ spec, uid, hostKeys }: LookAtHostsInput): Promise<HostFacts[]> {
  const where = whereOf({ spec, uid, operation: 'look' }, 'Check');
  return sideBySide(spec.hosts, { most: 90, change: 'glances-in-lanes' }, async (host): Promise<HostFacts> => {
    try {
      return await on.glance.checkHost.executeWithOptions({ summary: `Look at ${host.id}` }, [
        { where, host: targetOf(spec, host, hostKeys[host.id]), places: placesOf(spec, host) },
      ]);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const why = explain(error);
      const late = why?.reason === 'CommandTimedOut';
      return unreachable(host.id, { type: late ? 'HostUnreachable' : (why?.reason ?? 'StageFailed'), message: late ? 'it does not answer within 8 s' : (why?.message ?? 'unknown') });
    }
  });
}
