import type { ClusterSpec, Host } from './cluster';
import { digestOf } from './digest';
import type { ClusterRecord } from './entity';
import type { ErrorType } from './errors';
import type { ClusterFacts, HostFacts } from './facts';
import type { ImageFacts } from './images';
import { absentOf, leaderOf } from './membership';
import { overrides } from './override';
import type { Approval, PlanJob } from './plan-job';
import { withBrings } from './plan-brings';
import { jobsFor } from './plan-jobs';
import { unsafeProblems } from './plan-safety';
import { errorsOf, formatProblems, type Problem } from './problem';
import type { Situation } from './situation';
import type { Refusal } from './taken-back';

/** What differs between wanted and seen, as the jobs that remove the difference. The dry run prints it; the run executes it. */
export interface Plan {
  readonly cluster: string;
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  readonly leader: string;
  readonly images: readonly { readonly ref: string; readonly digest: string; readonly kind: string }[];
  readonly jobs: readonly PlanJob[];
  /** What needs a person's word before the first job, by the Policy. */
  readonly approvals: readonly Approval[];
  /** Hosts of the cluster that cannot be reached and that the work does not need: they are left out. */
  readonly absent: readonly string[];
  /** All that was known of the cluster is forgotten, as nothing of it is there: a person has said so. */
  readonly anew?: boolean;
  /** Errors refuse the plan, warnings go with it. */
  readonly problems: readonly Problem[];
  /** Over stages, hosts, versions and digests of what the jobs bring; never uptime, disk, clock or sealed text. */
  readonly hash: string;
}

export interface PlanInput {
  readonly spec: ClusterSpec;
  /** Of the hosts of the spec and of those that leave. */
  readonly facts: readonly HostFacts[];
  readonly images: readonly ImageFacts[];
  readonly problems: readonly Problem[];
  /** Nodes and etcd's members; absent when no control plane answers, or nobody has asked. */
  readonly cluster?: ClusterFacts;
  /** Control planes were asked, and none answered. */
  readonly silent?: boolean;
  /** Members of the record that the spec has no more. */
  readonly leaving?: readonly Host[];
  /** What the last operation left. */
  readonly last?: ClusterRecord;
  /** Hosts that may be forgotten where they cannot be reached. */
  readonly forget?: readonly string[];
  /** Run the images' commands again although they ran. */
  readonly force?: boolean;
}

/** The plan. Pure and total: the same input gives the same plan, whatever state the hosts are in. */
export function planCluster({ spec, facts, images, problems, cluster, silent = false, leaving = [], last, forget = [], force = false }: PlanInput): Plan {
  const seen = new Map(facts.map((one) => [one.host, one]));
  const leader = leaderOf(spec, seen, last);
  const version = images.find(({ kind }) => kind === 'rootfs')?.version ?? '';
  const absent = absentOf(spec, seen, cluster, last).map(({ id }) => id);
  const situation: Situation = { spec, seen, images, leader, version, absent, cluster, silent, leaving, last, forget, force };
  const all = [...problems, ...unsafeProblems(situation)];
  const jobs = errorsOf(all).length > 0 ? [] : withBrings(situation, jobsFor(situation));
  const shown = images.map(({ ref, digest, kind }) => ({ ref, digest, kind }));
  const hash = digestOf({ cluster: spec.name, leader, version, images: shown, jobs: jobs.map(({ id, image, brings, forget: forgotten, from }) => ({ id, image, brings, forget: forgotten, from })) });
  return { cluster: spec.name, version, leader, images: shown, jobs, approvals: [...approvalsOf(spec, jobs), ...overrides({ spec, images, jobs, last, force })], absent, problems: all, hash };
}

/** What a person has to agree to: the kinds that the Policy names, with the hosts it is about. */
function approvalsOf({ policy }: ClusterSpec, jobs: readonly PlanJob[]): Approval[] {
  const kinds = [...new Set(jobs.flatMap(({ approval }) => approval ?? []))].filter((kind) => policy.approve[kind]);
  return kinds.map((kind) => {
    const about = jobs.filter(({ approval }) => approval === kind).map(({ host, member, reason }) => `${member ?? host ?? 'all hosts'}: ${reason}`);
    return { kind, reason: about.join('; ') };
  });
}

/** Why a plan that was asked for is not run. */
const staleWords = (wanted: string, hash: string): string =>
  `the plan is not the one that was asked for (${wanted.slice(0, 12)}): hosts or images have changed since, it would be ${hash.slice(0, 12)} now; look at it again with keelson plan`;

/** Why a plan is not run at all; undefined when it may be. `wanted`: beginning of the hash of the only plan that may. */
export function refusalOf({ problems, hash }: Pick<Plan, 'problems' | 'hash'>, wanted: string | undefined): { readonly type: Refusal; readonly message: string } | undefined {
  const errors = errorsOf(problems);
  const is = (one: ErrorType) => ({ type }: Problem): boolean => type === one;
  const type = errors.some(is('ClusterLost')) ? 'ClusterLost' : errors.every(is('UnsafePlan')) ? 'UnsafePlan' : 'PreflightFailed';
  if (errors.length > 0) return { type, message: formatProblems(problems) };
  return wanted === undefined || hash.startsWith(wanted) ? undefined : { type: 'StalePlan', message: staleWords(wanted, hash) };
}

/** Why a request for one very plan does not attach to an operation that runs. */
export const otherPlanWords = (wanted: string, { operation, by, hash }: { operation: string; by: string; hash: string }): string =>
  `${operation} of ${by} runs, and its plan (${hash.slice(0, 12)}) is not the one that was asked for (${wanted.slice(0, 12)}); wait for its end, and look again with keelson plan`;

/** Why a request for a plan of an empty hash is refused: every hash would begin so, and any plan would run. */
export const noHash = 'only one plan is to run, and its hash is empty';
