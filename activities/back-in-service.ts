import type { HostTarget } from '../domain/cluster';
import { endLeave, readCordon } from '../domain/commands/drain';
import { readUpgrade } from '../domain/commands/upgrade';
import { sameAddress } from '../domain/ip-range';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { lookThrough } from './etcd';
import { inScope } from './scope';
import { giveBack } from './upgrading';

export interface BackInServiceInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** A control plane that answers. */
  readonly leader: HostTarget;
  /** Whether the host is a control plane. */
  readonly controlPlane: boolean;
  /** An upgrade of the host was begun. */
  readonly upgrading: boolean;
}

/**
 * After a cancel between two attempts, of which the first has cordoned the host's Node and done no more: it takes pods again, and
 * no note of an upgrade stays. A Node that a person has cordoned is left alone. False: more was done, the host is half upgraded or
 * half gone, and the next apply has to go on with it; until then it stays out of service.
 */
export const backInService = (deps: Deps) => async ({ where, host, leader, controlPlane, upgrading }: BackInServiceInput): Promise<boolean> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const through = await deps.remote.to(leader, scope);
    if (upgrading && (await session.run(readUpgrade)).drained) return false;
    const { nodes, members } = await lookThrough(through, leader);
    const node = nodes.find(({ address }) => sameAddress(address, host.address));
    if (!node || (controlPlane && !members.some(({ address }) => sameAddress(address, host.address)))) return false;
    if (upgrading) await giveBack({ input: { host }, scope, session, through, node: node.name });
    else if ((await through.run(readCordon(node.name))).ours) await through.run(endLeave(node.name));
    return true;
  });
