import type { Asked } from './approval';
import type { ClusterSpec } from './cluster';
import type { ClusterRecord } from './entity';
import { imageName, replaces } from './image-name';
import type { Plan } from './plan';

/**
 * Applications of a running cluster that another version is about to take the place of: a person is asked, where the
 * Policy says so. Whoever forces has said so already.
 */
export function overrides(plan: Plan, spec: Pick<ClusterSpec, 'force' | 'policy'>, last: ClusterRecord): Asked[] {
  if (spec.force || !spec.policy.approve.override || !last.created) return [];
  const runs = plan.images.filter(({ digest, kind }) => kind === 'application' && plan.jobs.some((job) => job.stage === 'RunGuest' && job.image === digest));
  return runs.filter((image) => replaces(image, last.images)).map(({ ref }) => {
    const former = last.images.find((one) => imageName(one.ref) === imageName(ref))?.ref ?? '';
    return { kind: 'override', reason: former === ref ? `${ref} is installed again, with other content` : `${ref} takes the place of ${former}` };
  });
}
