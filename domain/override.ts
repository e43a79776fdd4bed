import type { ClusterSpec } from './cluster';
import type { ClusterRecord } from './entity';
import type { ImageFacts } from './images';
import { imageName } from './image-name';
import type { Approval, PlanJob } from './plan-job';

type Recorded = ClusterRecord['images'];
type Image = Pick<ImageFacts, 'ref' | 'digest' | 'kind'>;

/**
 * The application of another version, or other content, that an image is about to take the place of, by reference. `before`:
 * the images that are known. One whose commands have not run yet took its place in what is known, and not on the cluster.
 */
function formerOf({ ref, digest }: Image, before: Recorded): string | undefined {
  const same = before.filter((one) => one.kind === 'application' && imageName(one.ref) === imageName(ref));
  const known = same.find((one) => one.ref === ref && one.digest === digest);
  if (known) return known.inPlaceOf;
  const other = same.find((one) => one.digest !== digest);
  return other && (other.inPlaceOf ?? other.ref);
}

/** What an image that is wanted is put on record with: what it is to take the place of, until its commands have run. */
export const inPlaceOf = (image: Image, { images, created }: ClusterRecord, ran: readonly string[]): { inPlaceOf?: string } => {
  const former = image.kind === 'application' && created && !ran.includes(image.digest) ? formerOf(image, images) : undefined;
  return former === undefined ? {} : { inPlaceOf: former };
};

/**
 * Applications of a running cluster that another version is about to take the place of: a person is asked, where the
 * Policy says so. Whoever forces has said so already.
 */
export function overrides({ spec, images, jobs, last, force }: { spec: Pick<ClusterSpec, 'policy'>; images: readonly Image[]; jobs: readonly PlanJob[]; last: ClusterRecord | undefined; force: boolean }): Approval[] {
  if (force || !spec.policy.approve.override || !last?.created) return [];
  const runs = images.filter(({ digest, kind }) => kind === 'application' && jobs.some((job) => job.stage === 'RunGuest' && job.image === digest));
  return runs.flatMap((image): Approval[] => {
    const former = formerOf(image, last.images);
    if (former === undefined) return [];
    return [{ kind: 'override', reason: former === image.ref ? `${image.ref} is installed again, with other content` : `${image.ref} takes the place of ${former}` }];
  });
}
