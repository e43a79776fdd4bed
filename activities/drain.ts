import type { Policy } from '../domain/cluster';
import { type ControllerLease, controllerLease, drain } from '../domain/commands/drain';
import { ClusterError } from '../domain/errors';
import { poll } from './poll';
import type { Scope, Session } from './ports';

export interface DrainRequest {
  /** A control plane that answers: through it kubectl speaks. */
  readonly through: Session;
  /** Host id of the node, for words. */
  readonly host: string;
  /** Name of the Node object. */
  readonly node: string;
  readonly policy: Policy['drain'];
  readonly scope: Scope;
}

/**
 * Cordons a node and has its pods leave, PodDisruptionBudgets respected. Safe to run twice: what has left is gone. Throws
 * DrainBlocked, naming pods and budgets, when they have not left within the policy's time, or may not leave at all; and when
 * nobody is there who would replace them.
 */
export async function drainNode(request: DrainRequest): Promise<void> {
  const { through, host, node, policy, scope } = request;
  await controllersAtWork(request);
  scope.beat(`drains ${node}`);
  const { empty, left, budgets, told } = await through.run(drain(node, policy));
  if (empty) return;
  if (left.length === 0) throw new ClusterError('CommandFailed', `kubectl drain ${node} failed: ${told}`, { host, command: `kubectl drain ${node}`, tail: [told] });
  const some = `${left.slice(0, 5).join(', ')}${left.length > 5 ? ` and ${left.length - 5} more` : ''}`;
  const seconds = Math.round(policy.timeoutMs / 1000);
  if (/disruption budget/i.test(told) || budgets.length > 0) {
    throw new ClusterError('DrainBlocked', `${host}: ${some} cannot leave within ${seconds} s: ${budgets.length > 0 ? `the PodDisruptionBudget ${budgets.join(', ')} allows no disruption` : told}`, {
      host, command: `kubectl drain ${node}`, tail: [told], todo: 'give the application another healthy replica elsewhere, or change its budget; then retry',
    });
  }
  throw new ClusterError('DrainBlocked', `${host}: ${some} cannot leave: ${told}`, {
    host, command: `kubectl drain ${node}`, tail: [told],
    todo: policy.force ? 'look what keeps these pods from ending, then retry' : 'end these pods by hand, or set drain.force in the Policy; then retry',
  });
}

/**
 * Services let go of a pod that leaves, and another one comes, only while kube-controller-manager works. When its control
 * plane was started anew or has left, nobody leads for the rest of the lease, some 15 s: requests would go to pods that are gone.
 */
async function controllersAtWork({ through, host, scope }: DrainRequest): Promise<void> {
  let before: ControllerLease | undefined;
  try {
    await poll({ scope, host, what: 'a kube-controller-manager at work', everyMs: 500, timeoutMs: 60_000 }, async () => {
      const now = await through.run(controllerLease);
      if (now === undefined || (now.term === before?.term && now.renewed !== before.renewed)) return true;
      if (now.term !== before?.term) before = now;
      return `${now.term} has last renewed its lease at ${now.renewed}`;
    });
  } catch (error) {
    if (!(error instanceof ClusterError && error.type === 'CommandTimedOut')) throw error;
    throw new ClusterError('DrainBlocked', `${host}: no kube-controller-manager is at work: pods that leave would not be replaced, and Services would still name them`, {
      host, command: controllerLease.title, tail: [error.message], todo: 'look at kube-controller-manager on the control planes (crictl ps -a), then retry',
    });
  }
}
