import type { HostTarget } from '../domain/cluster';
import { readNodes, type SeenNode } from '../domain/commands/kubernetes';
import { ClusterError } from '../domain/errors';
import { asked } from './asked';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { sameAddress } from '../domain/ip-range';

/**
 * The host's Node object. While a lone control plane starts anew the API may be away for minutes: it is waited for up to five.
 * Throws CommandFailed for a host that the cluster does not know.
 */
export async function nodeObjectOf(through: Session, scope: Scope, host: HostTarget): Promise<SeenNode> {
  let node = undefined as SeenNode | undefined;
  await poll({ scope, host: host.id, what: 'an answer of the API', everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    const nodes = await asked(() => through.run(readNodes));
    if (typeof nodes === 'string') return nodes;
    node = nodes.find(({ address }) => sameAddress(address, host.address));
    if (!node) throw unknown(host);
    return true;
  });
  if (!node) throw unknown(host);
  return node;
}

const unknown = ({ id }: HostTarget): ClusterError =>
  new ClusterError('CommandFailed', `${id} has no Node in the cluster`, { host: id, todo: 'look at keelson status: the host has to be part of the cluster before it can be changed' });

/** Name of the host's Node object; see nodeObjectOf. */
export const nodeOf = async (through: Session, scope: Scope, host: HostTarget): Promise<string> => (await nodeObjectOf(through, scope, host)).name;
