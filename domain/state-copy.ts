import { canonicalJson, digestOf } from './digest';
import type { ClusterRecord, Desired, EntityState, LogLine } from './entity';
import { ClusterError } from './errors';
import { isTooDeep } from './form';
import { isObject } from './kubeadm/json';
import { isStateCopy } from './state-form';

/**
 * What a cluster's entity knows, as it lies on every control plane: enough to look after the cluster again when the
 * Temporal server is lost. Secrets are sealed in it.
 */
export interface StateCopy {
  readonly v: 1;
  readonly writtenAt: string;
  readonly name: string;
  readonly uid: string;
  readonly n: number;
  readonly desired: Desired;
  readonly current: ClusterRecord;
  readonly log: readonly LogLine[];
}

/** The copy of a state in which something is wanted. */
export const copyOf = ({ name, uid, n, current, log }: EntityState, desired: Desired, now: string): StateCopy =>
  ({ v: 1, writtenAt: now, name, uid, n, desired, current, log });

/** Whether two copies would bring the same cluster back. Times, numbers and the log alone are not worth a write on a host. */
export const saysTheSame = (a: StateCopy, b: StateCopy): boolean => essence(a) === essence(b);

function essence({ name, uid, desired: { spec, file, generation }, current }: StateCopy): string {
  const { images, hostKeys, leader, created, members } = current;
  const plain = images.map(({ ref, digest }) => ({ ref, digest }));
  return digestOf(JSON.parse(canonicalJson({ name, uid, spec: { ...spec, force: false }, file, generation, plain, hostKeys, leader, created, members })));
}

/** Reads a copy. Throws ClusterError InvalidSpec for what is none, or is of a newer version; its content is never repeated. */
export function parseCopy(text: string, where: string): StateCopy {
  const refuse = (why: string): never => {
    throw new ClusterError('InvalidSpec', `${where}: the copy of the cluster's state ${why}`, { todo: 'read it from another control plane, or adopt the cluster by its Clusterfile' });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('is damaged');
  }
  if (!isObject(value) || isTooDeep(value)) return refuse('is damaged');
  if (value['v'] !== 1) return refuse('is of another version of Keelson');
  return isStateCopy(value) ? value : refuse('is damaged');
}

/**
 * Numbers of operations that no copy tells of may have been used since; their jobs may lie on the hosts, which refuse what is
 * older than they have seen. Going on far behind the last known number keeps new ones apart from them. `n`: the last known
 * number, 0 where none is.
 */
export const behindAll = (n: number): number => Math.ceil((n + 1) / gap) * gap;
const gap = 1000;

/** The state of an entity that takes over from a copy. */
export function stateFromCopy({ name, uid, n, desired, current, log }: StateCopy, by: string, now: string): EntityState {
  const line: LogLine = { operation: 'adopt', by, startedAt: now, endedAt: now, outcome: 'Success', message: 'taken over from the copy on a control plane' };
  return { v: 1, name, uid, n: behindAll(n), desired, current, recent: [], log: [...log, line].slice(-50), retired: false };
}

/** The newest of several copies. Throws UnsafePlan when they speak of different clusters. */
export function newestCopy(copies: readonly { readonly host: string; readonly copy: StateCopy }[]): StateCopy | undefined {
  const uids = new Set(copies.map(({ copy }) => copy.uid));
  if (uids.size > 1) {
    throw new ClusterError('UnsafePlan', `these hosts belong to different clusters: ${copies.map(({ host, copy }) => `${host} to ${copy.name} (${copy.uid})`).join(', ')}`, {
      todo: 'name control planes of one cluster',
    });
  }
  return [...copies].sort((a, b) => b.copy.n - a.copy.n || (a.copy.writtenAt < b.copy.writtenAt ? 1 : -1))[0]?.copy;
}
