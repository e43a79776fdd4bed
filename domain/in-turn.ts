import { type Host, isControlPlane } from './cluster';

/** Control planes first: nothing of a worker may be newer than they are. */
export const byRole = (hosts: readonly Host[]): Host[] => [...hosts.filter(isControlPlane), ...hosts.filter((host) => !isControlPlane(host))];

/** The order in which a change reaches running hosts: the leader, through which all is done, the other control planes, the workers. */
export function inTurn(hosts: readonly Host[], leader: string): Host[] {
  const ordered = byRole(hosts);
  return [...ordered.filter(({ id }) => id === leader), ...ordered.filter(({ id }) => id !== leader)];
}
