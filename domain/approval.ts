import type { Plan } from './plan';

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

/** What was agreed to with the request itself: on a terminal a person has said yes to the plan that was shown, and to no other. */
export const agreedTo = ({ agreed, planHash }: { readonly agreed?: boolean; readonly planHash?: string }): Agreed =>
  (agreed && planHash ? { ...nothingAgreed, planHash } : nothingAgreed);

/**
 * What still has to be asked before a plan may run. An approval is good for the very plan that was read: when the look
 * after it gives another one, it is asked again. Once that plan has begun, its kinds stay agreed to.
 */
export function toAsk(plan: Plan, agreed: Agreed): { readonly asked: readonly Asked[]; readonly agreed: Agreed } {
  const all = plan.approvals;
  if (agreed.planHash === plan.hash) return { asked: [], agreed: { kinds: [...new Set([...agreed.kinds, ...all.map(({ kind }) => kind)])] } };
  return { asked: all.filter(({ kind }) => !agreed.kinds.includes(kind)), agreed: { kinds: agreed.kinds } };
}
