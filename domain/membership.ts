import { type ClusterSpec, controlPlanes, type Host } from './cluster';
import type { ClusterRecord, Member } from './entity';
import type { ClusterFacts, HostFacts } from './facts';
import { sameAddress } from './ip-range';
import { marks } from './marks';

/** Hosts that the cluster has changed and that the spec has no more, in the order of their ids. */
export const leavingOf = (spec: ClusterSpec, last: ClusterRecord): Member[] => {
  const wanted = new Set(spec.hosts.map(({ id }) => id));
  return Object.values(last.members ?? {}).filter(({ host }) => !wanted.has(host.id)).sort((a, b) => (a.host.id < b.host.id ? -1 : 1));
};

/** Hosts that a new spec leaves out take the credential of the former one with them: they have to be reached once more. */
export function withAccess(record: ClusterRecord, before: ClusterSpec | undefined, after: ClusterSpec): ClusterRecord {
  if (!before || !record.members) return record;
  const stays = new Set(after.hosts.map(({ id }) => id));
  const members = Object.entries(record.members).map(([id, member]): [string, Member] => {
    const access = before.credentials[member.host.credential];
    return stays.has(id) || member.access || !access ? [id, member] : [id, { ...member, access }];
  });
  return { ...record, members: Object.fromEntries(members) };
}

/** Addresses of all other hosts of the cluster, those that leave too: routes to them are the pod network's. */
export const peersOf = (spec: ClusterSpec, { members = {} }: Pick<ClusterRecord, 'members'>, id: string | undefined): string[] =>
  [...new Set([...spec.hosts, ...Object.values(members).map(({ host }) => host)].filter((host) => host.id !== id).map(({ address }) => address))];

/** Whether a look found the host in the cluster, by the marks of its own. */
export const hasJoined = (facts: HostFacts | undefined): boolean =>
  facts?.done.some((mark) => mark === marks.init || mark.startsWith('join:')) ?? false;

/** Whether it was made, or has joined, as a control plane. */
export const hasJoinedAsControlPlane = (facts: HostFacts | undefined): boolean => facts?.done.some((mark) => mark === marks.init || mark === marks.joinControlPlane) ?? false;

/** This cluster has begun to change the host, and the host has not joined. */
export const isHalf = (facts: HostFacts, uid: string): boolean => facts.reachable && facts.claim?.uid === uid && !hasJoined(facts);

/** Whether the cluster itself knows a host of this address: as a Node, or as a member of etcd. */
export const isKnown = (cluster: ClusterFacts | undefined, address: string): boolean =>
  cluster !== undefined && (cluster.nodes.some((node) => sameAddress(node.address, address)) || cluster.etcd.some((member) => sameAddress(member.address, address)));

/** What may pass by itself; a wrong password or another key is for a person to mend. */
const away: readonly string[] = ['HostUnreachable', 'CommandTimedOut', 'Disconnected'];

/**
 * Hosts of the spec that are part of the cluster and cannot be reached. While a control plane answers they hold up nobody:
 * they are left out, with a warning, until they are back or deleted.
 */
export const absentOf = (spec: ClusterSpec, seen: ReadonlyMap<string, HostFacts>, cluster: ClusterFacts | undefined, last: ClusterRecord | undefined): Host[] => {
  if (!last?.created) return [];
  return spec.hosts.filter(({ id, address }) => {
    const facts = seen.get(id);
    return facts !== undefined && !facts.reachable && away.includes(facts.problem?.type ?? 'HostUnreachable') && isKnown(cluster, address);
  });
};

/**
 * The control plane we speak through: the one that led before while it is there, else the first that has joined and can
 * be reached, else the first one named. It stays the same for as long as it can: registry and applications' files move
 * with it.
 */
export function leaderOf(spec: ClusterSpec, seen: ReadonlyMap<string, HostFacts>, last?: ClusterRecord): string {
  const candidates = controlPlanes(spec);
  const there = candidates.filter(({ id }) => seen.get(id)?.reachable ?? false);
  const joined = there.filter(({ id }) => hasJoined(seen.get(id)));
  return (joined.find(({ id }) => id === last?.leader) ?? joined[0] ?? there[0] ?? candidates[0])?.id ?? '';
}

/** What becomes of a host that leaves. */
export type Fate =
  /** It is there: drained, reset, taken out. */
  | 'remove'
  /** It is not there, and a person has said that it never will be: the cluster forgets it. */
  | 'forget'
  /** It is not there, and nobody has said so. */
  | 'refuse'
  /** Nothing of the cluster is on it that could be taken away, and the cluster does not know it. */
  | 'gone';

/** `known.last`: the record of the cluster, absent where there is none; `known.forget`: ids or addresses that a person has given up. */
export function fateOf(host: Host, known: { readonly facts: HostFacts | undefined; readonly cluster: ClusterFacts | undefined; readonly last: ClusterRecord | undefined; readonly forget: readonly string[] }): Fate {
  const { facts, cluster, last, forget } = known;
  const member = isKnown(cluster, host.address);
  if (facts?.reachable) return member || facts.claim !== undefined || facts.done.length > 0 ? 'remove' : 'gone';
  if (forget.some((one) => [host.id, host.address].some((name) => sameAddress(name, one)))) return member ? 'forget' : 'gone';
  // Of a cluster that never came up nothing is lost with a host; and one that the cluster does not know cannot be taken out of it.
  return last?.created && (member || cluster === undefined) ? 'refuse' : 'gone';
}
