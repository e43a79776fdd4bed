import { type EntityState, type EntityView, newEntity, type OperationResult } from './entity';
import type { ClusterError } from './errors';
import { noted } from './hands';
import { clusterBusy, noCluster, nobody, refused, type Word } from './refusals';

/** To forget what is known of a cluster and of its hosts, which stay as they are. */
export interface ForgetRequest extends Word {
  /** Must repeat the cluster's name. */
  readonly confirm: string;
  /** Its name and the record of what was done to it are forgotten as well: the entity ends. */
  readonly ends?: boolean;
  /** With `ends`: also while hosts are known to be members. */
  readonly force?: boolean;
}

/**
 * The state of a cluster of which nothing is known to be anywhere. The numbers of its operations go on and its log stays. The
 * next cluster of this name is another one to its hosts: what a host may have kept of this one is never taken for its own.
 */
export function absent(state: EntityState, uid: string): EntityState {
  const { desired: _desired, former: _former, paused: _paused, ...rest } = state;
  return { ...rest, uid, current: { ...newEntity(state.name).current, phase: 'Absent' } };
}

/** Whether there is nothing that could be taken away or forgotten. */
export const isAbsent = ({ phase, digest, running }: Pick<EntityView, 'phase' | 'digest' | 'running'>): boolean =>
  phase === 'Absent' && digest === undefined && running === undefined;

/** After a reset that has left nothing on any host the cluster is absent; otherwise it can be reset again. */
export const afterReset = (state: EntityState, { outcome }: OperationResult, uid: string): EntityState =>
  outcome === 'Success' && membersOf(state).length === 0 ? absent(state, uid) : state;

/** Hosts on which something of the cluster is or may be. */
function membersOf({ current, desired }: EntityState): string[] {
  return [...new Set([...(current.created ? (desired?.spec.hosts ?? []).map(({ id }) => id) : []), ...Object.keys(current.members ?? {})])];
}

/**
 * Why a request to forget a cluster is refused: ClusterBusy while an operation works, UnsafePlan where its record would end
 * with members on it. Undefined when it is not.
 */
export function refuseForget(state: EntityState, { by, confirm, ends = false, force = false }: ForgetRequest): ClusterError | undefined {
  const { name, running, next } = state;
  const unnamed = nobody({ by });
  if (unnamed) return unnamed;
  if (confirm !== name) return refused('InvalidSpec', `to forget it, confirm with the cluster's name: ${name}`);
  if (running || next || state.retired) return clusterBusy(state, state.retired ? undefined : `\`keelson cancel ${name}\` ends what runs or waits`);
  if (!ends) return state.desired ? undefined : noCluster(state);
  const members = membersOf(state);
  if (members.length === 0 || force) return undefined;
  return refused('UnsafePlan', `${members.join(', ')} ${members.length === 1 ? 'is a member' : 'are members'} of cluster ${name}`,
    `\`keelson reset ${name}\` makes them bare first; with --force they stay as they are, and nobody looks after them`);
}

/** Forgets all hosts, their keys and what they had; says in the record who wanted that, and which hosts they were. */
export function admitForget(state: EntityState, { by, ends = false }: ForgetRequest, at: string, uid: string): EntityState {
  const hosts = [...new Set([...(state.desired?.spec.hosts ?? []).map(({ id }) => id), ...Object.keys(state.current.members ?? {})])];
  const forgotten = noted(absent(state, uid), { at, by, what: 'forget', note: `${hosts.join(', ') || 'no hosts'}; nothing was changed on any` });
  return ends ? { ...forgotten, retired: true } : forgotten;
}
