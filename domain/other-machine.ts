import type { ClusterRecord } from './entity';
import { type HostFacts, unreachable } from './facts';
import type { Problem } from './problem';

/** The machine that the cluster knows at the address of a host, where another one answers there now; undefined where it is the same, or nobody can tell. */
function former({ host, machineId }: HostFacts, { machineIds = {} }: ClusterRecord): string | undefined {
  const before = machineIds[host];
  return before && machineId && machineId !== before ? before : undefined;
}

/** Another machine at the address of a member that is to stay: its disk and its identity are gone, so it is not the host that joined. */
export function machineProblems(record: ClusterRecord, facts: readonly HostFacts[]): Problem[] {
  return facts.filter(({ reachable }) => reachable).flatMap((one): Problem[] => {
    const before = former(one, record);
    return before === undefined ? [] : [{
      severity: 'error', type: 'UnsafePlan', host: one.host,
      message: `another machine answers at its address: machine-id ${one.machineId ?? ''}, the cluster knows ${before}`,
      todo: 'the former one leaves first: keelson delete it with --force; then add this one',
    }];
  });
}

/** A host that leaves and is somebody else's by now, or another machine, is not ours to reset: the cluster can only forget it. */
export function strangerIsAway(facts: HostFacts, uid: string, record: ClusterRecord): HostFacts {
  const { host, claim, machineId } = facts;
  if (claim && claim.uid !== uid) return unreachable(host, { type: 'HostClaimed', message: `it belongs to cluster ${claim.cluster} by now` });
  const before = former(facts, record);
  return before === undefined ? facts : unreachable(host, { type: 'HostClaimed', message: `another machine answers at its address: machine-id ${machineId ?? ''}, not ${before}` });
}
