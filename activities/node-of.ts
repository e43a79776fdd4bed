import type { HostTarget } from '../domain/cluster';
import { readNodes } from '../domain/commands/kubernetes';
import { ClusterError } from '../domain/errors';
import { asked } from './asked';
import { poll } from './poll';
import type { Scope, Session } from './ports';

/**
 * Name of the host's Node object. While a lone control plane starts anew the API may be away for minutes: it is waited for up to
 * five. Throws CommandFailed for a host that the cluster does not know.
 */
export async function nodeOf(through: Session, scope: Scope, host: HostTarget): Promise<string> {
  let name = '';
  await poll({ scope, host: host.id, what: 'an answer of the API', everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    const nodes = await asked(() => through.run(readNodes));
    if (typeof nodes === 'string') return nodes;
    name = nodes.find(({ address }) => address === host.address)?.name ?? '';
    if (name === '') throw new ClusterError('CommandFailed', `${host.id} has no Node in the cluster`, { host: host.id, todo: 'look at keelson status: the host has to be part of the cluster before it can be changed' });
    return true;
  });
  return name;
}
