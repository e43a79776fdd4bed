import { readNode } from '../domain/commands/kubernetes';
import { kubeletCause, readUpgrade } from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { asked } from './asked';

/** A kubelet that was started again by systemd so often does not come up: it ends by itself each time. */
export const tooManyRestarts = 4;
export const defaultSteadyMs = 10_000;

export interface Watched {
  /** Host id. */
  readonly host: string;
  readonly scope: Scope;
  readonly session: Session;
  /** kubectl speaks through this one. */
  readonly through: Session;
  /** Name of the Node object. */
  readonly node: string;
}

/**
 * Waits until the node has been Ready with a kubelet of this version for so long. Throws CommandFailed as soon as it ends again
 * and again, with its own words for it, and CommandTimedOut after three minutes.
 */
export async function steadyKubelet({ host, scope, session, through, node }: Watched, version: string, forMs: number): Promise<void> {
  let since: number | undefined;
  const look = async (): Promise<true | string> => {
    const { kubelet, kubeletActive, restarts } = await session.run(readUpgrade);
    if (kubelet !== version) throw new ClusterError('CommandFailed', `${host}: the kubelet's program is ${kubelet || 'not there'}, not ${version}`, { host });
    if (restarts >= tooManyRestarts) {
      throw new ClusterError('CommandFailed', `${host}: the kubelet of ${version} ends again and again: ${(await session.run(kubeletCause)) || 'it says nothing'}`, { host });
    }
    if (!kubeletActive || restarts > 0) since = undefined;
    if (!kubeletActive) return 'it does not run';
    const seen = await asked(() => through.run(readNode(node)));
    if (typeof seen === 'string') return seen;
    if (!seen) return 'there is no Node';
    if (seen.version !== version || !seen.ready) {
      since = undefined;
      return seen.version === version ? seen.reason ?? 'it is not Ready' : `it has reported as ${seen.version}`;
    }
    since ??= Date.now();
    return Date.now() - since >= forMs || `Ready since ${Math.round((Date.now() - since) / 1000)} s`;
  };
  await poll({ scope, host, what: `a Ready kubelet of ${version}`, everyMs: 1_000, timeoutMs: 180_000 }, look);
}
