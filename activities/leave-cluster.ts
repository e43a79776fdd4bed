import type { HostTarget } from '../domain/cluster';
import { deleteNode, removeEtcdMember } from '../domain/commands/etcd-members';
import { ClusterError } from '../domain/errors';
import { sameAddress } from '../domain/ip-range';
import type { Deps } from './deps';
import { lookThrough, majorityWithout } from './etcd';
import type { Scope, Session } from './ports';

type Leader = Pick<HostTarget, 'id' | 'address'>;

/** Takes the member with this address out of etcd, and sees to it that it is out and most of the others answer. `through`: a session on `leader`, a control plane that stays. */
export async function leaveEtcd(through: Session, scope: Scope, { leader, address }: { leader: Leader; address: string }): Promise<void> {
  const { nodes } = await lookThrough(through, leader);
  const own = nodes.find((node) => sameAddress(node.address, leader.address));
  await through.run(removeEtcdMember(own?.name ?? '', address));
  await majorityWithout(through, scope, { through: leader, address, gone: true });
}

/**
 * What the cluster has noted of a host whose join was cut off: a member of etcd, which `kubeadm reset` only warns of where it
 * cannot take it out, and a Node. Gives in words what stays; that keeps no host from being reset.
 */
export async function forgetHalfJoined(deps: Pick<Deps, 'remote'>, leader: HostTarget, { address }: Pick<HostTarget, 'address'>, scope: Scope): Promise<string[]> {
  try {
    const through = await deps.remote.to(leader, scope);
    const { nodes, members } = await lookThrough(through, leader);
    if (members.some((member) => sameAddress(member.address, address))) await leaveEtcd(through, scope, { leader, address });
    for (const { name } of nodes.filter((node) => sameAddress(node.address, address))) await through.run(deleteNode(name));
    return [];
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    scope.log(`what ${leader.id} knows of it could not be taken away: ${error.message}`);
    return [`a place in the cluster, as far as ${leader.id} knows: ${error.message}`];
  }
}
