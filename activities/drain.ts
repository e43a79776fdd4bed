import type { Policy } from '../domain/cluster';
import { drain } from '../domain/commands/drain';
import { ClusterError } from '../domain/errors';
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
 * DrainBlocked, naming pods and budgets, when they have not left within the policy's time, or may not leave at all.
 */
export async function drainNode({ through, host, node, policy, scope }: DrainRequest): Promise<void> {
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
