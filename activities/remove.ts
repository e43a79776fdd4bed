import type { EnvEntry, HostTarget, Policy } from '../domain/cluster';
import { beginLeave, endLeave, readCordon } from '../domain/commands/drain';
import { deleteNode, forgetPods, retireApiServer } from '../domain/commands/etcd-members';
import { readMarks } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import { sameAddress } from '../domain/ip-range';
import type { Where } from '../domain/where';
import { asked } from './asked';
import type { Deps } from './deps';
import { drainNode } from './drain';
import { lookThrough, majorityWithout } from './etcd';
import { leaveEtcd } from './leave-cluster';
import { poll } from './poll';
import type { Scope, Session } from './ports';
import { resetNow } from './reset';
import { inScope } from './scope';
import { shielded } from './shielded';

interface Leaving {
  readonly where: Where;
  /** A control plane that stays. */
  readonly leader: HostTarget;
  /** Whether the one that leaves is, or was, a control plane. */
  readonly controlPlane: boolean;
}

export interface RemoveInput extends Leaving {
  readonly host: HostTarget;
  readonly drain: Policy['drain'];
  /** The cluster's images, for their clean scripts. */
  readonly images: readonly { readonly ref: string; readonly digest: string }[];
  /** Addresses of all other hosts. */
  readonly peers: readonly string[];
  readonly env: readonly EnvEntry[];
}

export interface ForgetInput extends Leaving {
  /** Of the Node and of the etcd member. */
  readonly address: string;
}

/**
 * Takes a host out of the cluster and brings it back to bare: its pods move, etcd lets it go, it is reset, its Node is
 * deleted. Until it is drained a cancel leaves it as it was; from then on the work goes to its end, because half a member
 * is nobody's; where only this attempt ends, the next one goes on. Throws DrainBlocked, and NeedsDecision for what could not be cleaned.
 */
export const removeHost = (deps: Deps) => async (input: RemoveInput): Promise<void> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const { host, leader, controlPlane } = input;
    const through = await deps.remote.to(leader, scope);
    const { nodes, members } = await lookThrough(through, leader);
    const node = nodes.find(({ address }) => sameAddress(address, host.address));
    const isMember = members.some(({ address }) => sameAddress(address, host.address));
    if (controlPlane && isMember) await majorityWithout(through, scope, { through: leader, address: host.address });
    if (node) await drained(through, scope, { node: node.name, host: host.id, policy: input.drain });

    const onward = shielded(scope);
    const session = await deps.remote.to(host, onward);
    const speaker = await deps.remote.to(leader, onward);
    if (controlPlane && isMember) {
      await session.run(retireApiServer);
      await leaveEtcd(speaker, onward, { leader, address: host.address });
    }
    await reset(deps, input, { scope: onward, session });
    if (node) await speaker.run(deleteNode(node.name));
    await confirmGone(speaker, onward, { leader, address: host.address, id: host.id });
  });

/** Takes a host that cannot be reached out of the cluster: its member of etcd, its pods, its Node. On the host nothing is done. */
export const forgetHost = (deps: Deps) => async ({ where, leader, address, controlPlane }: ForgetInput): Promise<void> =>
  inScope(deps, where, address, async (scope) => {
    const through = await deps.remote.to(leader, scope);
    const { nodes } = await lookThrough(through, leader);
    if (controlPlane) await leaveEtcd(through, scope, { leader, address });
    for (const { name } of nodes.filter((node) => sameAddress(node.address, address))) {
      await through.run(deleteNode(name));
      await through.run(forgetPods(name));
    }
    await confirmGone(through, scope, { leader, address, id: address });
  });

/**
 * Its pods have moved. However that fails, also by a cancel, the Node takes pods again unless somebody else had cordoned it:
 * nothing is left half done. An attempt that dies leaves its cordon to the next one, which reads on the Node whose it is.
 */
async function drained(through: Session, scope: Scope, { node, host, policy }: { node: string; host: string; policy: Policy['drain'] }): Promise<void> {
  const { cordoned, ours } = await through.run(readCordon(node));
  try {
    if (!cordoned) await through.run(beginLeave(node));
    await drainNode({ through, scope, host, node, policy });
  } catch (error) {
    if (!cordoned || ours) {
      await through.run({ ...endLeave(node), cleanup: true })
        .catch((again: unknown) => scope.log(`${node} is still cordoned: ${again instanceof Error ? again.message : String(again)}`));
    }
    throw error;
  }
}

/** The host as it was before it joined. What could not be cleaned is for a person to see. */
async function reset(deps: Deps, { where, host, images, peers, env }: RemoveInput, { scope, session }: { scope: Scope; session: Session }): Promise<void> {
  const marks = await session.run(readMarks);
  const left = await resetNow(deps, { where, host, images, peers, env, registry: marks.some((mark) => mark.startsWith('registry:')) }, scope);
  if (left.length === 0) return;
  throw new ClusterError('NeedsDecision', `${host.id} has left the cluster, and still has ${left.join(', ')}`, { host: host.id, todo: `take that away on ${host.id}, then retry` });
}

/** Neither Node nor member of etcd is left. A kubelet that ended just now may have reported once more. */
async function confirmGone(through: Session, scope: Scope, { leader, address, id }: { leader: HostTarget; address: string; id: string }): Promise<void> {
  await poll({ scope, host: id, what: 'that the cluster has forgotten it', everyMs: 500, timeoutMs: 60_000 }, () => asked(async () => {
    const { nodes, members } = await lookThrough(through, leader);
    const node = nodes.find((one) => sameAddress(one.address, address));
    if (node) {
      await through.run(deleteNode(node.name));
      return `its Node ${node.name} is there`;
    }
    return !members.some((member) => sameAddress(member.address, address)) || 'it is a member of etcd';
  }));
}
