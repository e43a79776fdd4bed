import type { ClusterRecord } from './entity';
import type { HostFacts } from './facts';
import type { Problem } from './problem';

/** Another machine at the address of a member: its disk and its identity are gone, so it is not the host that joined. */
export function machineProblems({ machineIds = {} }: ClusterRecord, facts: readonly HostFacts[]): Problem[] {
  return facts.flatMap(({ host, reachable, machineId }): Problem[] => {
    const before = machineIds[host];
    if (!reachable || !before || !machineId || before === machineId) return [];
    return [{
      severity: 'error', type: 'UnsafePlan', host,
      message: `another machine answers at its address: machine-id ${machineId}, the cluster knows ${before}`,
      todo: 'the former one leaves first: keelson delete it with --force; then add this one',
    }];
  });
}
