import type { Plan } from './plan';
import type { Waiting } from './status';

/** What of a plan needs a person's word, in words, by kind. */
export interface Asked {
  readonly kind: string;
  readonly reason: string;
}

/** What was agreed to in an operation: kinds, and the plan that a person has read and nobody has looked behind yet. */
export interface Agreed {
  readonly kinds: readonly string[];
  readonly planHash?: string;
  readonly by?: string;
}

export const nothingAgreed: Agreed = { kinds: [] };

const askedBy = (plan: Plan): readonly Asked[] => plan.approvals;

/**
 * What still has to be asked before a plan may run. An approval is good for the very plan that was read: when the look
 * after it gives another one, it is asked again. Once that plan has begun, its kinds stay agreed to.
 */
export function toAsk(plan: Plan, agreed: Agreed, more: readonly Asked[] = []): { readonly asked: readonly Asked[]; readonly agreed: Agreed } {
  const all = [...askedBy(plan), ...more];
  if (agreed.planHash === plan.hash) return { asked: [], agreed: { kinds: [...new Set([...agreed.kinds, ...all.map(({ kind }) => kind)])] } };
  return { asked: all.filter(({ kind }) => !agreed.kinds.includes(kind)), agreed: { kinds: agreed.kinds } };
}

/** The wait for an approval, as it is shown. */
export function approvalWait(plan: Plan, asked: readonly Asked[], { since, stale }: { since: string; stale: boolean }): Waiting {
  const words = asked.map(({ reason }) => reason).join('; ');
  return {
    kind: 'approval', reason: 'NeedsApproval', since, planHash: plan.hash, approvals: asked.map(({ reason }) => reason),
    message: `${stale ? 'what was seen has changed since the approval: the new plan waits' : 'the plan waits for approval'}: ${words}`,
    commands: [`keelson approve ${plan.cluster} --plan-hash ${plan.hash}`, `keelson cancel ${plan.cluster}`],
  };
}
