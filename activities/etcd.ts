import type { HostTarget } from '../domain/cluster';
import { type EtcdMember, readEtcd, readNodes, type SeenNode } from '../domain/commands/kubernetes';
import type { ClusterFacts, NodeFacts } from '../domain/facts';
import { normalAddress, sameAddress } from '../domain/ip-range';
import { differing } from '../domain/node-changes';
import type { NodeSettings } from '../domain/node-settings';
import { hasMajority, membersWithout } from '../domain/quorum';
import { asked } from './asked';
import { poll } from './poll';
import type { Scope, Session } from './ports';

type Through = Pick<HostTarget, 'id' | 'address'>;

/** Nodes and members of etcd, asked through one control plane: its API, and its own etcd, by its pod where it has a Node. `wanted` of Nodes, by address: how they differ from it is told then. */
export async function lookThrough(session: Session, { id, address }: Through, wanted?: Readonly<Record<string, NodeSettings>>): Promise<ClusterFacts & { readonly members: readonly EtcdMember[] }> {
  const nodes = await session.run(readNodes);
  const own = nodes.find((node) => sameAddress(node.address, address));
  const { members } = await session.run(readEtcd(own?.name ?? ''));
  return { through: id, nodes: nodes.map((node) => plain(node, wanted && (wanted[normalAddress(node.address)] ?? {}))), etcd: members.map(({ id: member, name, address: at, healthy }) => ({ id: member, name, address: at, healthy })), members };
}

/** Histories need not carry why a Node that is ready is so, nor its labels and taints, but for those in which it differs. */
function plain({ reason, labels, taints, record, ...node }: SeenNode, wanted: NodeSettings | undefined): NodeFacts {
  const lacks = wanted ? differing({ ...node, labels, taints, ...(record === undefined ? {} : { record }) }, wanted) : [];
  return { ...node, ...(node.ready || !reason ? {} : { reason: reason.slice(0, 200) }), ...(lacks.length > 0 ? { lacks } : {}) };
}

/** True where there are members and all of them answer; else who does not. */
export const allHealthy = (members: readonly EtcdMember[]): true | string => (members.length > 0 && members.every(({ healthy }) => healthy)) || illOf(members);

const illOf = (members: readonly EtcdMember[]): string =>
  `members ${members.filter(({ healthy }) => !healthy).map(({ name, address }) => name || address).join(', ') || 'unknown'} are not healthy`;

/** Waits until every etcd member answers, at most two minutes, also over an API that comes and goes. Before a member joins or is upgraded, and after. */
export async function healthyEtcd(session: Session, scope: Scope, through: Through, host = through.id): Promise<void> {
  await poll({ scope, host, what: 'a healthy etcd', everyMs: 500, timeoutMs: 120_000 }, async () => {
    const seen = await asked(() => lookThrough(session, through));
    return typeof seen === 'string' ? seen : allHealthy(seen.members);
  });
}

/**
 * Waits until more than half of those members answer that are left when the one at this address has gone, at most two minutes.
 * The plan asks for no more (domain/plan-safety.ts): a control plane that is away holds up no other's leave. `gone`: that one
 * has to be out of the list already.
 */
export async function majorityWithout(session: Session, scope: Scope, { through, address, gone = false }: { through: Through; address: string; gone?: boolean }): Promise<void> {
  await poll({ scope, host: through.id, what: `that most of etcd answers without ${address}`, everyMs: 500, timeoutMs: 120_000 }, async () => {
    const seen = await asked(() => lookThrough(session, through));
    if (typeof seen === 'string') return seen;
    const { members } = seen;
    if (gone && members.some((member) => sameAddress(member.address, address))) return 'it is still a member';
    const left = membersWithout(members, address);
    return (left.length > 0 && hasMajority(left)) || illOf(left);
  });
}
