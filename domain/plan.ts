import type { StageName } from './stages';
import type { Problem } from './problem';

/** One piece of work: a stage on a host. */
export interface PlanJob {
  /** `<stage>/<host>` or `<stage>/<host>/<image>`; the activity's id in the history. */
  readonly id: string;
  readonly stage: StageName;
  /** Host id. */
  readonly host: string;
  /** Digest of the image, in RunGuest. */
  readonly image?: string;
  /** Why it is needed, for people. */
  readonly reason: string;
}

/** What differs between wanted and seen, as the jobs that remove the difference. The dry run prints it; the run executes it. */
export interface Plan {
  readonly cluster: string;
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  readonly leader: string;
  readonly images: readonly { readonly ref: string; readonly digest: string; readonly kind: string }[];
  readonly jobs: readonly PlanJob[];
  /** Errors refuse the plan, warnings go with it. */
  readonly problems: readonly Problem[];
  /** Over stages, hosts, versions and digests; never uptime, disk, clock or sealed text. */
  readonly hash: string;
}
