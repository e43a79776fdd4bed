import { type Host, isControlPlane } from './cluster';
import { inTurn } from './in-turn';
import { sameAddress } from './ip-range';
import { hasJoined, hasJoinedAsControlPlane } from './membership';
import type { PlanJob } from './plan-job';
import type { Situation } from './situation';

/**
 * Hosts that have joined, as the marks on them say, and whose Node the API does not have: somebody has deleted it, or a snapshot of
 * etcd from before the join was restored. A kubelet registers its Node only when it starts. One that has started meanwhile has
 * given a control plane a Node without the role, which only kubeadm's join would have brought. These come before whatever else
 * is done with a host: an upgrade and changed settings look for its Node.
 */
export const nodeJobs = (situation: Situation, hosts: readonly Host[]): PlanJob[] => inTurn(hosts, situation.leader).flatMap((host) => {
  const reason = lackOf(situation, host);
  return reason === undefined ? [] : [{ id: `Join/${host.id}/node`, stage: 'Join', host: host.id, reason }];
});

function lackOf({ cluster, seen }: Situation, host: Host): string | undefined {
  const facts = seen.get(host.id);
  if (!cluster || !facts?.reachable || !hasJoined(facts)) return undefined;
  const node = cluster.nodes.find(({ address }) => sameAddress(address, host.address));
  if (!node) return 'it has joined and its Node is gone: the Node is made anew';
  return isControlPlane(host) && hasJoinedAsControlPlane(facts) && !node.controlPlane ? 'its Node is not marked as a control plane' : undefined;
}
