import type { HostFacts } from '../facts';
import type { Problem } from '../problem';
import { finding } from './finding';

/** Whether the host bears this cluster's mark. */
export const isOurs = (facts: HostFacts, uid: string): boolean => facts.claim !== undefined && facts.claim.uid === uid;

/** Whose the host is. Somebody else's Kubernetes is never built upon. */
export function ownerProblems(facts: HostFacts, uid: string): Problem[] {
  const { host, claim, foreign, runtimes = [] } = facts;
  if (isOurs(facts, uid)) return [];
  if (claim) {
    return [finding('error', host, `it belongs to cluster ${claim.cluster} (${claim.uid})`,
      `take it out of the host list, or free it where that cluster is looked after: keelson reset ${claim.cluster}`, 'HostClaimed')];
  }
  if (foreign) {
    const way = /(?:^|; )sealos data of cluster (\S+?)(?:;|$)/.exec(foreign)?.[1];
    return [finding('error', host, `it has a Kubernetes that Keelson did not make: ${foreign}`,
      way ? `take the cluster over as it is: keelson adopt --clusterfile ~/.sealos/${way}/Clusterfile; or free the host with sealos reset`
        : 'keelson reset does not touch it and it cannot be adopted: take it down with the tool that made it (such as kubeadm reset), or use another host', 'HostClaimed')];
  }
  if (runtimes.length === 0) return [];
  return [finding('warning', host, `${runtimes.join(' and ')} ${runtimes.length === 1 ? 'is' : 'are'} installed already; the image brings a runtime of its own`,
    'remove it if the image refuses the host')];
}
