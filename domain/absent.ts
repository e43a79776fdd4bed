import { busy, type EntityState, newEntity } from './entity';
import { ClusterError } from './errors';
import { noted, type Word } from './hands';

/** To forget what is known of a cluster and of its hosts, which stay as they are. */
export interface ForgetRequest extends Word {
  /** Must repeat the cluster's name. */
  readonly confirm: string;
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
export const isAbsent = ({ current, desired }: Pick<EntityState, 'current' | 'desired'>): boolean => current.phase === 'Absent' && desired === undefined;

/** Why a request to forget a cluster's hosts is refused: ClusterBusy while an operation works. Undefined when it is not. */
export function refuseForget(state: EntityState, { by, confirm }: ForgetRequest): ClusterError | undefined {
  const { name, running, next } = state;
  if (by.trim() === '') return new ClusterError('InvalidSpec', 'nobody is named who asks for this');
  if (confirm !== name) return new ClusterError('InvalidSpec', `to forget it, confirm with the cluster's name: ${name}`);
  if (running || next || state.retired) return new ClusterError('ClusterBusy', `cluster ${name} is busy: ${busy(state)}`, { todo: `\`keelson cancel ${name}\` ends what runs or waits` });
  return state.desired ? undefined : new ClusterError('InvalidSpec', `there is no cluster ${name}`);
}

/** Forgets all hosts, their keys and what they had; says in the record who wanted that, and which hosts they were. */
export function admitForget(state: EntityState, { by }: ForgetRequest, at: string, uid: string): EntityState {
  const hosts = [...new Set([...(state.desired?.spec.hosts ?? []).map(({ id }) => id), ...Object.keys(state.current.members ?? {})])];
  return noted(absent(state, uid), { at, by, what: 'forget', note: `${hosts.join(', ')}; nothing on them was changed` });
}
