import type { HostTarget } from '../domain/cluster';
import { type EtcdMember, readEtcd, readNodes, type SeenNode } from '../domain/commands/kubernetes';
import { ClusterError } from '../domain/errors';
import type { ClusterFacts, NodeFacts } from '../domain/facts';
import { normalAddress } from '../domain/ip-range';
import { lacking, type NodeSettings } from '../domain/node-settings';
import { hasMajority, membersWithout } from '../domain/quorum';
import { poll } from './poll';
import type { Scope, Session } from './ports';

type Through = Pick<HostTarget, 'id' | 'address'>;

/** Nodes and members of etcd, asked through one control plane: its API, and the etcd pod of its own. `wanted` of Nodes, by address. */
export async function lookThrough(session: Session, { id, address }: Through, wanted: Readonly<Record<string, NodeSettings>> = {}): Promise<ClusterFacts & { readonly members: readonly EtcdMember[] }> {
  const nodes = await session.run(readNodes);
  const own = nodes.find((node) => node.address === address);
  if (!own) throw new ClusterError('NotReadyYet', `${id}: there is no Node with its address, so its etcd cannot be asked`, { host: id });
  const { members } = await session.run(readEtcd(own.name));
  return { through: id, nodes: nodes.map((node) => plain(node, wanted[normalAddress(node.address)])), etcd: members.map(({ id: member, name, address: at, healthy }) => ({ id: member, name, address: at, healthy })), members };
}

/** Histories need not carry why a Node that is ready is so, nor its labels and taints, but for those that are missed. */
function plain({ reason, labels, taints, ...node }: SeenNode, wanted: NodeSettings = {}): NodeFacts {
  const lacks = lacking({ ...node, labels, taints }, wanted);
  return { ...node, ...(node.ready || !reason ? {} : { reason: reason.slice(0, 200) }), ...(lacks.length > 0 ? { lacks } : {}) };
}

/** Waits until every etcd member answers, at most two minutes. Before a member joins, and after. */
export async function healthyEtcd(session: Session, scope: Scope, through: Through): Promise<void> {
  await poll({ scope, host: through.id, what: 'a healthy etcd', everyMs: 500, timeoutMs: 120_000 }, async () => {
    const { members } = await lookThrough(session, through);
    const ill = members.filter(({ healthy }) => !healthy).map(({ name, address }) => name || address);
    return (members.length > 0 && ill.length === 0) || `members ${ill.join(', ') || 'unknown'} are not healthy`;
  });
}

/**
 * Waits until more than half of those members answer that are left when the one at this address has gone, at most two minutes.
 * The plan asks for no more (domain/plan-safety.ts): a control plane that is away holds up no other's leave. `gone`: that one
 * has to be out of the list already.
 */
export async function majorityWithout(session: Session, scope: Scope, { through, address, gone = false }: { through: Through; address: string; gone?: boolean }): Promise<void> {
  await poll({ scope, host: through.id, what: `that most of etcd answers without ${address}`, everyMs: 500, timeoutMs: 120_000 }, async () => {
    const { members } = await lookThrough(session, through);
    if (gone && members.some((member) => member.address === address)) return 'it is still a member';
    const left = membersWithout(members, address);
    const ill = left.filter(({ healthy }) => !healthy).map((member) => member.name || member.address);
    return (left.length > 0 && hasMajority(left)) || `members ${ill.join(', ') || 'unknown'} are not healthy`;
  });
}
