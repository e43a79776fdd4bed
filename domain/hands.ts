import { amendProblems } from './amend';
import type { ClusterSpec, Policy } from './cluster';
import { withDesired } from './desired';
import { digestOf } from './digest';
import type { EntityState } from './entity';
import { lasting } from './for-once';
import type { ClusterError } from './errors';
import { changedMeanwhile, damagedSpec, noCluster, nobody, refused, wasAnswered, type Word, wrongSpec } from './refusals';
import { specProblems } from './spec-rules';
import type { WaitingJob } from './status';

/**
 * What a person says to a cluster's operation, and when it is refused. Every word has an actor: a deed by nobody is no
 * deed. Refusals are pure and synchronous: they are the validators of Updates, so a refused word leaves no trace.
 */
export type Decision =
  | { readonly decision: 'retry'; readonly by: string; /** Only what failed on this host. */ readonly host?: string }
  | { readonly decision: 'skip'; readonly by: string; /** Ids of the jobs that are left out. */ readonly jobs: readonly string[] }
  | { readonly decision: 'approve'; readonly by: string; readonly planHash: string }
  | { readonly decision: 'pause'; readonly by: string; readonly at: string; readonly reason?: string }
  | { readonly decision: 'resume'; readonly by: string }
  | { readonly decision: 'amend'; readonly by: string; readonly spec: ClusterSpec }
  /** Somebody wants to know which plan runs. */
  | { readonly decision: 'plan'; readonly by: string }
  | { readonly decision: 'policy'; readonly by: string; readonly policy: Policy };

/** Who holds a cluster still, since when, why. */
export interface Paused {
  readonly by: string;
  readonly at: string;
  readonly reason?: string;
}

/** One deed of one person, for the record. */
export interface Act {
  readonly at: string;
  readonly by: string;
  readonly what: 'apply' | 'reset' | 'forget' | 'task' | Decision['decision'] | 'cancel' | 'refused';
  /** The operation it was said to, or that it began. */
  readonly operation?: string;
  /** More of it, for people. */
  readonly note?: string;
}

/** So many deeds are kept. */
const actsKept = 100;

/** With the plan's hash: nobody approves what has changed meanwhile. */
export function refuseApprove(state: EntityState, { by, planHash }: Word & { planHash: string }): ClusterError | undefined {
  const waiting = state.running?.waiting;
  if (nobody({ by })) return nobody({ by });
  if (waiting?.kind !== 'approval') return refused('InvalidSpec', `no plan of cluster ${state.name} waits for approval`);
  if (waiting.planHash !== planHash) {
    return refused('UnsafePlan', `the plan that waits is ${waiting.planHash ?? ''}, not ${planHash || 'a plan without a hash'}`, `read it (\`keelson status ${state.name}\`), and approve that one`);
  }
  return undefined;
}

/** Also of a cluster that rests: its next operation then does nothing before somebody says resume. */
export function refusePause(state: EntityState, word: Word): ClusterError | undefined {
  if (nobody(word)) return nobody(word);
  if (!state.desired) return noCluster(state);
  return state.paused ? refused('InvalidSpec', `cluster ${state.name} is paused by ${state.paused.by} since ${state.paused.at}`) : undefined;
}

/** Refuses to end a pause that nobody has made. */
export const refuseResume = (state: EntityState, word: Word): ClusterError | undefined =>
  nobody(word) ?? (state.paused ? undefined : refused('InvalidSpec', `cluster ${state.name} is not paused`));

/** Only what has failed and waits can be told to try again, all of it or one host's part. */
export function refuseRetry(state: EntityState, { by, host }: Word & { host?: string }): ClusterError | undefined {
  if (nobody({ by })) return nobody({ by });
  const waiting = state.running?.waiting;
  if (!waiting) return refused('InvalidSpec', `nothing of cluster ${state.name} waits for a word`);
  if (waiting.kind === 'approval') return refused('NeedsDecision', `a plan waits for approval, which a retry is not`, `\`keelson approve ${state.name} --plan-hash ${waiting.planHash ?? ''}\``);
  if (state.paused) return refused('ClusterBusy', `cluster ${state.name} is paused by ${state.paused.by} since ${state.paused.at}`, `\`keelson resume ${state.name}\` first`);
  const failed = waiting.jobs ?? [];
  return host === undefined || failed.some((job) => job.host === host) ? undefined : refused('InvalidSpec', `nothing failed on ${host}${listed(failed)}`);
}

/** What a person names to be left out: a host, an image's commands, or an image's commands on a host. */
export interface SkipRequest extends Word {
  readonly host?: string;
  readonly image?: string;
}

/** Why nothing is left out: nothing of what is named has failed (InvalidSpec), or the cluster cannot do without it (UnsafePlan). */
export function refuseSkip(state: EntityState, { by, host, image }: SkipRequest): ClusterError | undefined {
  if (nobody({ by })) return nobody({ by });
  const waiting = state.running?.waiting;
  if (!waiting?.jobs || waiting.jobs.length === 0) return refused('InvalidSpec', `nothing of cluster ${state.name} has failed that could be left out`);
  if (host === undefined && image === undefined) return refused('InvalidSpec', 'say what is left out', 'name a host with --host, or an image with --image');
  const meant = skippedBy(state, { by, ...(host === undefined ? {} : { host }), ...(image === undefined ? {} : { image }) });
  if (meant.length === 0) return refused('InvalidSpec', `nothing failed ${[host && `on ${host}`, image && `of ${image}`].filter(Boolean).join(' ')}${listed(waiting.jobs)}`);
  const needed = meant.find(({ needed }) => needed !== undefined);
  return needed ? refused('UnsafePlan', `${needed.id} cannot be left out: ${needed.needed ?? ''}`, 'mend the cause and retry, amend what was wrong, or cancel') : undefined;
}

/** The failed jobs that a skip names. */
export const skippedBy = (state: EntityState, { host, image }: SkipRequest): WaitingJob[] =>
  (state.running?.waiting?.jobs ?? []).filter((job) => (host === undefined || job.host === host) && (image === undefined || job.image === image));

const listed = (jobs: readonly WaitingJob[]): string =>
  jobs.length === 0 ? '' : `; failed are: ${jobs.slice(0, 10).map(({ id }) => id).join(', ')}`;

/** Only what runs can be cancelled. */
export const refuseCancel = (state: EntityState, word: Word): ClusterError | undefined =>
  nobody(word) ?? (state.running ? undefined : refused('InvalidSpec', `no operation of cluster ${state.name} runs`));

export interface AmendRequest extends Word {
  readonly requestId: string;
  readonly spec: ClusterSpec;
  readonly digest: string;
  /** Digest of the desired state it was made from. */
  readonly base: string;
}

/** A parked operation takes corrections and goes on; a cluster that rests takes new logins, which its next look proves. */
export function refuseAmend(state: EntityState, request: AmendRequest): ClusterError | undefined {
  if (nobody(request)) return nobody(request);
  if (wasAnswered(state, request.requestId)) return undefined;
  if (!state.desired) return noCluster(state);
  if (digestOf(request.spec) !== request.digest) return damagedSpec();
  if (request.base !== state.desired.digest) return changedMeanwhile(state.desired);
  if (state.next || state.retired || (state.running && !state.running.waiting) || (state.running && !['init', 'reconcile'].includes(state.running.kind))) {
    return refused('ClusterBusy', `${state.running?.operation ?? 'an operation'} of cluster ${state.name} is at work: amended is only what waits, or rests`, `\`keelson pause ${state.name}\` makes it wait`);
  }
  const parked = state.running !== undefined;
  const members = state.running ? (state.running.joined ?? []) : state.current.created ? state.desired.spec.hosts.map(({ id }) => id) : [];
  return wrongSpec([...amendProblems(state.desired.spec, request.spec, { parked, members }), ...specProblems(request.spec)]);
}

/** A policy counts from now on, for the operation that runs as well. */
export function refusePolicy(state: EntityState, { by, policy, base }: Word & { policy: Policy; base: string }): ClusterError | undefined {
  if (nobody({ by })) return nobody({ by });
  if (!state.desired) return noCluster(state);
  if (base !== state.desired.digest) return changedMeanwhile(state.desired);
  return wrongSpec(specProblems({ ...state.desired.spec, policy }));
}

/** Puts a deed on record. */
export function noted(state: EntityState, act: Act): EntityState {
  return { ...state, acts: [...(state.acts ?? []), act].slice(-actsKept) };
}

/** The policy is part of what is wanted, so a later apply of an older file sets it back. */
export const admitPolicy = (state: EntityState, { by, policy }: Word & { policy: Policy }, at: string): EntityState =>
  withFormerPolicy(state.desired ? withDesired(state, { ...state.desired.spec, policy }, { by, at }) : state, policy);

/** A policy counts also where the spec that is applied just now comes to nothing. */
function withFormerPolicy(state: EntityState, policy: Policy): EntityState {
  const before = state.former?.desired;
  if (!state.former || !before || !state.desired) return state;
  const spec = lasting({ ...before.spec, policy });
  return { ...state, former: { ...state.former, desired: { ...before, spec, digest: digestOf(spec), ...(state.desired.generation === undefined ? {} : { generation: state.desired.generation }) } } };
}
