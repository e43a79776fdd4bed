import { type ClusterSpec, isControlPlane, registryHosts } from './cluster';
import type { ImageFacts } from './images';
import type { PlanJob } from './plan-job';
import type { WaitingJob } from './status';

export interface SkipFacts {
  readonly spec: ClusterSpec;
  readonly images: readonly Pick<ImageFacts, 'ref' | 'digest' | 'runAt'>[];
  readonly leader: string;
}

/** Up to a worker's join nothing but that worker depends on what is done on it. */
const ofOneWorker: readonly string[] = ['Check', 'MountRootfs', 'Bootstrap', 'Join'];

/** What an upgrade ends with when its worker was given back as it was: at its old version and in service. */
const givenBack: readonly string[] = ['DrainBlocked', 'RolledBack'];

/** Why a job that has failed so (an error type) cannot be left out: what depends on it. Undefined when nothing does. */
export function neededBy(job: Pick<PlanJob, 'stage' | 'host' | 'image'>, failed: string, { spec, images, leader }: SkipFacts): string | undefined {
  const image = images.find(({ digest }) => digest === job.image);
  if (job.stage === 'RunGuest' && job.image) return image?.runAt === 'api-up' ? 'it brings the pod network, without which no node becomes ready' : undefined;
  const host = spec.hosts.find(({ id }) => id === job.host);
  if (!host && job.stage === 'Remove') return `the cluster is to be without ${job.host ?? 'it'}`;
  if (!host) return 'all hosts depend on it';
  if (registryHosts(spec, leader).some(({ id }) => id === host.id)) return `all hosts pull from the registry on ${host.id}`;
  if (host.id === leader) return `the cluster is made through ${host.id}`;
  if (isControlPlane(host)) return `${host.id} is a control plane: API balancing and etcd's quorum count on it`;
  if (job.stage === 'Upgrade' && givenBack.includes(failed)) return undefined;
  return ofOneWorker.includes(job.stage) ? undefined : `${job.stage} has begun to change a member of the cluster`;
}

/** A failed job as a person is shown it. */
export function waitingJob(job: PlanJob, why: { reason: string; message: string }, facts: SkipFacts): WaitingJob {
  const needed = neededBy(job, why.reason, facts);
  const image = facts.images.find(({ digest }) => digest === job.image)?.ref;
  return {
    id: job.id, stage: job.stage, reason: why.reason, message: why.message.slice(0, 300),
    ...(job.host ? { host: job.host } : {}), ...(image ? { image } : {}), ...(needed ? { needed } : {}),
  };
}
