import { isTrim, type PlanJob } from './plan-job';
import type { StageName } from './stages';
import type { JobState } from './status';

/** Whether a job may start: yes; not yet, and why; or not at all until something that failed is mended. */
export type Verdict = { readonly go: true } | { readonly go: false; readonly blocked: boolean; readonly reason: string };

const settled = (state: JobState): boolean => state === 'done' || state === 'failed' || state === 'blocked' || state === 'skipped';

export interface Board {
  readonly jobs: readonly PlanJob[];
  stateOf(job: PlanJob): JobState;
  /** Whether the job's host is a control plane: etcd takes one new member at a time. */
  isControlPlane(host: string): boolean;
  /** Whether the job brings the pod network: it need not wait for the joins. */
  isEarly(job: PlanJob): boolean;
  /** How many workers may be away for their upgrade at once; one where nothing is said. */
  workersAway?(): number;
}

/**
 * A host's job starts when that host's previous one is done and the gates of the cluster are open. This is the one place
 * that knows what must be there before what; the order within a host is the plan's.
 */
export function verdict(job: PlanJob, board: Board): Verdict {
  for (const [needed, reason] of needs(job, board)) {
    const state = board.stateOf(needed);
    if (state === 'done' || state === 'skipped') continue;
    return { go: false, blocked: state === 'failed' || state === 'blocked', reason };
  }
  if (job.stage === 'RunGuest' && !board.isEarly(job)) {
    const open = board.jobs.find((one) => moving[one.stage] !== undefined && !settled(board.stateOf(one)));
    if (open) return { go: false, blocked: false, reason: `${open.host} ${moving[open.stage] ?? ''}` };
  }
  if (job.stage === 'MountRootfs') {
    const first = filesFirst(board);
    if (first && first !== job && !settled(board.stateOf(first))) return { go: false, blocked: false, reason: `the files of ${first.host} go first` };
  }
  return awayFor[job.stage] !== undefined && !board.isControlPlane(job.host ?? '') ? workersNow(job.stage, board) : { go: true };
}

/**
 * Everybody joins through the host that is initialised: what delays it delays all, and the way out of the machine that sends
 * the files is narrow. Others have their files long before they may join.
 */
const filesFirst = ({ jobs }: Board): PlanJob | undefined => {
  const init = jobs.find(({ stage }) => stage === 'Init');
  return init && jobs.find(({ stage, host }) => stage === 'MountRootfs' && host === init.host);
};

/** What a host does in the stages that the images' commands wait for. */
const moving: Partial<Record<StageName, string>> = { Upgrade: 'is upgraded', Settings: 'gets its settings', Join: 'joins', Remove: 'leaves' };

/** Stages in which a worker may be away for a while, and what fails then, in words. */
const awayFor: Partial<Record<StageName, string>> = { Upgrade: 'the upgrade', Settings: 'the change of settings' };

/** Whether one more worker may be away. One that has failed counts: what does not work must not go on to all. */
function workersNow(stage: StageName, { jobs, stateOf, isControlPlane, workersAway }: Board): Verdict {
  const atOnce = workersAway?.() ?? 1;
  const others = jobs.filter((one) => one.stage === stage && !isControlPlane(one.host ?? ''));
  const failed = others.filter((one) => stateOf(one) === 'failed').map(({ host }) => host);
  const away = others.filter((one) => stateOf(one) === 'running').map(({ host }) => host);
  if (failed.length >= atOnce) return { go: false, blocked: true, reason: `${awayFor[stage] ?? stage} of ${failed.join(', ')} has failed` };
  if (failed.length + away.length >= atOnce) return { go: false, blocked: false, reason: `${[...failed, ...away].join(', ')} ${failed.length + away.length === 1 ? 'is' : 'are'} away, ${atOnce} at once` };
  return { go: true };
}

type Needed = [PlanJob, string];

/** The jobs that must be done before this one, each with the words for "waits for". */
function needs(job: PlanJob, board: Board): Needed[] {
  const before = board.jobs.slice(0, board.jobs.indexOf(job));
  const config = board.jobs.filter(({ stage }) => stage === 'RunConfig' && job.stage !== 'RunConfig').map((one): Needed => [one, 'the configuration is merged']);
  const lane = job.host === undefined ? [] : before.filter(({ host }) => host === job.host).slice(-1).map((one): Needed => [one, `${one.stage} of this host`]);
  return [...config, ...lane, ...(gates[job.stage]?.(job, before, board) ?? [])];
}

/** What a stage waits for on other hosts, from the jobs that stand before it in the plan. */
const gates: Partial<Record<StageName, (job: PlanJob, before: readonly PlanJob[], board: Board) => Needed[]>> = {
  // Whoever is upgraded pulls the former version's images until then.
  MirrorRegistry: (job, before) => (isTrim(job) ? of(before, 'Upgrade').map((one) => [one, `${one.host} is upgraded`]) : []),
  Bootstrap: (_job, before) => of(before, 'MirrorRegistry').map((one) => [one, `the registry on ${one.host} serves`]),
  // etcd's members and the API servers change one by one; a kubelet is never newer than any of them.
  Upgrade: (_job, before, board) => [
    ...of(before, 'MirrorRegistry').map((one): Needed => [one, `the registry on ${one.host} serves`]),
    ...controlPlanesFirst('Upgrade', before, board),
  ],
  // All hosts have their version before anything else of them changes: what fails has one cause. A kubelet that starts anew is
  // soon back and its pods run on, but what it was told may be wrong: so control planes go one by one here, too.
  Settings: (_job, before, board) => [
    ...of(before, 'Upgrade').map((one): Needed => [one, `${one.host} is upgraded`]),
    ...controlPlanesFirst('Settings', before, board),
  ],
  Join: (job, before, board) => [
    ...controlPlanesFirst('Upgrade', before, board),
    // A kubelet that joins takes its settings from the cluster: they are the new ones when the control planes have them.
    ...controlPlanesFirst('Settings', before, board),
    ...of(before, 'Init').map((one): Needed => [one, `the API answers on ${one.host}`]),
    ...(board.isControlPlane(job.host ?? '') ? [...members(before, board), ...of(before, 'Remove').map(leaves)] : leads(job, before)),
  ],
  // What is dead goes at once, one after another; who lives goes when all that takes its place is there.
  Remove: (job, before, board) => before
    .filter((one) => one.stage !== 'RunConfig' && (one.stage !== 'Remove' || board.isControlPlane(job.host ?? '') || job.member !== undefined))
    .map((one) => (one.stage === 'Remove' ? leaves(one) : [one, `${one.stage} on ${one.host}`])),
  // The cluster can only be whole when everything was done.
  PostProcess: (_job, before) => before.map((one) => [one, `${one.stage}${one.host ? ` on ${one.host}` : ''}`]),
};

const of = (jobs: readonly PlanJob[], name: StageName): PlanJob[] => jobs.filter(({ stage }) => stage === name);
const controlPlanesFirst = (stage: 'Upgrade' | 'Settings', before: readonly PlanJob[], board: Board): Needed[] =>
  of(before, stage).filter((one) => board.isControlPlane(one.host ?? '')).map((one) => [one, `control plane ${one.host} ${moving[stage] ?? ''}`]);
const leaves = (one: PlanJob): Needed => [one, `${one.member ?? one.host} leaves: etcd lets one go at a time`];
const members = (before: readonly PlanJob[], board: Board): Needed[] =>
  of(before, 'Join').filter((one) => board.isControlPlane(one.host ?? '')).map((one) => [one, `control plane ${one.host} joins: etcd takes one at a time`]);

/** Where a new control plane takes over, workers wait for it: they know no other. */
const leads = (job: PlanJob, before: readonly PlanJob[]): Needed[] =>
  of(before, 'Join').filter(({ through, host }) => through !== undefined && host !== job.host).slice(0, 1).map((one) => [one, `the API answers on ${one.host}`]);
