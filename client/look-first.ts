import type { ClusterSpec } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { ClusterError } from '../domain/errors';
import type { Anew } from '../domain/lost';
import { refusalOf } from '../domain/plan';
import { askYes } from './ask';
import type { KeelsonClient } from './keelson-client';
import { refuse } from './one-report';
import { renderPlan } from './show-plan';
import { hashProblems, type SpecFlags } from './spec-flags';
import type { Known } from './submit';

/** What goes with a request: that a person has agreed, and to which plan. */
export interface Agreement {
  readonly approved?: boolean;
  readonly agreed?: boolean;
  readonly planHash?: string;
  readonly anew?: Anew;
}

/** Whether there may be something on the hosts: of a first install that was cancelled those stay that had joined; after a reset none is known. */
const wasBegun = (view: EntityView | undefined): boolean => view !== undefined && (view.created || (view.hosts.length > 0 && view.log.length > 0));

/** What --force says of a cluster that is lost; hosts that show other keys are believed only with --yes as well. */
export const anewBy = ({ force, yes }: Pick<SpecFlags, 'force' | 'yes'>): Anew | undefined => (force ? (yes ? 'anyKeys' : 'sameKeys') : undefined);

/**
 * Looks at the plan before it is asked for, where there is a cluster to lose: what it refuses is refused here and leaves no
 * trace, and on a terminal a person is asked before a host is removed or whatever else the policy names. Undefined: that
 * person has said no. A running operation has its own answer.
 */
export async function lookFirst(client: KeelsonClient, spec: ClusterSpec, flags: SpecFlags, { view, forget }: Pick<Known, 'view'> & { forget: readonly string[] }): Promise<Agreement | undefined> {
  refuse(hashProblems(flags));
  const said = { ...(flags.yes ? { approved: true } : {}), ...(flags.planHash ? { planHash: flags.planHash } : {}) };
  if (view?.running || (!wasBegun(view) && !flags.planHash)) return said;
  const anew = anewBy(flags);
  const plan = await client.plan(spec, { forget, ...(anew ? { anew } : {}) });
  const refused = refusalOf(plan, flags.planHash);
  if (refused) throw new ClusterError(refused.type, refused.message, refused.type === 'StalePlan' ? {} : { todo: 'nothing was started' });
  if (plan.anew && anew) return { ...said, anew };
  const removes = plan.jobs.some((job) => job.removes);
  if (flags.yes || flags.planHash || !(removes || plan.approvals.length > 0) || !process.stdin.isTTY) return said;
  for (const line of renderPlan(plan)) console.error(line);
  return await askYes('Do this?', '--yes') ? { agreed: true, planHash: plan.hash } : undefined;
}
