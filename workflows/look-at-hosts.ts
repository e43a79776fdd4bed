import { isCancellation } from '@temporalio/workflow';
import { type ClusterSpec, targetOf } from '../domain/cluster';
import { type HostFacts, unreachable } from '../domain/facts';
import { sameAddress } from '../domain/ip-range';
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
  const facts = await glanceAt({ spec, uid, hostKeys });
  const cordoned = await cordonedOf({ spec, uid, hostKeys }, facts);
  return { facts, ...(cordoned ? { cordoned } : {}), at: new Date().toISOString() };
}

/** Hosts whose Nodes take no pods, as a control plane tells it that answers just now; undefined where none does. */
async function cordonedOf({ spec, uid, hostKeys }: LookAtHostsInput, facts: readonly HostFacts[]): Promise<string[] | undefined> {
  const answering = spec.hosts.find(({ id }) => facts.some(({ host, claim, apiReady }) => host === id && claim?.uid === uid && apiReady));
  if (!answering) return undefined;
  try {
    const cluster = await on.glance.observeCluster.executeWithOptions({ summary: 'Look for cordoned nodes' }, [
      { where: whereOf({ spec, uid, operation: 'look' }, 'Check'), controlPlanes: [targetOf(spec, answering, hostKeys[answering.id])] },
    ]);
    const closed = cluster?.nodes.filter(({ unschedulable }) => unschedulable);
    return closed && spec.hosts.filter(({ address }) => closed.some((node) => sameAddress(node.address, address))).map(({ id }) => id);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
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
