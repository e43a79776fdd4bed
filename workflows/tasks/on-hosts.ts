import { controlPlanes, type HostTarget, targetOf } from '../../domain/cluster';
import { explain } from '../explain';
import type { AtTask } from '../run-task';

/** The control planes, the leader first. */
export function controlPlaneTargets({ spec, last }: Pick<AtTask['input'], 'spec' | 'last'>): HostTarget[] {
  const all = controlPlanes(spec).map((host) => targetOf(spec, host, last.hostKeys[host.id]));
  return [...all.filter(({ id }) => id === last.leader), ...all.filter(({ id }) => id !== last.leader)];
}

/** What one host's activity gave, or why not in words. A cancel is thrown on. */
export interface Tried<T> {
  readonly host: HostTarget;
  readonly value?: T;
  readonly problem?: string;
}

/** Does something on each of the hosts, side by side, and waits for all of them. */
export async function onAll<T>(hosts: readonly HostTarget[], act: (host: HostTarget) => Promise<T>): Promise<Tried<T>[]> {
  return Promise.all(hosts.map((host) => attempt(host, act)));
}

/** The same on one host. */
export async function attempt<T>(host: HostTarget, act: (host: HostTarget) => Promise<T>): Promise<Tried<T>> {
  try {
    return { host, value: await act(host) };
  } catch (error) {
    const why = explain(error);
    if (!why) throw error;
    return { host, problem: `${host.id}: ${why.message.replace(`${host.id}: `, '')}` };
  }
}

/** The words of those that failed. */
export const problemsOf = (tried: readonly Tried<unknown>[]): string[] => tried.flatMap(({ problem }) => (problem ? [problem] : []));
