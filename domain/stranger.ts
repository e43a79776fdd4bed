import type { ClusterRecord } from './entity';
import { type HostFacts, unreachable } from './facts';

/** A host that leaves and is somebody else's by now, or another machine, is not ours to reset: the cluster can only forget it. */
export function strangerIsAway(facts: HostFacts, uid: string, { machineIds = {} }: ClusterRecord): HostFacts {
  const { host, claim, machineId } = facts;
  if (claim && claim.uid !== uid) return unreachable(host, { type: 'HostClaimed', message: `it belongs to cluster ${claim.cluster} by now` });
  const before = machineIds[host];
  if (!machineId || !before || machineId === before) return facts;
  return unreachable(host, { type: 'HostClaimed', message: `another machine answers at its address: machine-id ${machineId}, not ${before}` });
}
