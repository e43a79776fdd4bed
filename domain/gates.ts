import { type Needed, Needs } from './needs';
import { PlanIndex } from './plan-index';
import { isNodeAgain, isTrim, type PlanJob } from './plan-job';
import type { StageName } from './stages';
import type { JobState } from './status';

/** Whether a job may start: yes; not yet, and why; or not at all until something that failed is mended. */
export type Verdict = { readonly go: true } | { readonly go: false; readonly blocked: boolean; readonly reason: string };

const settled = (state: JobState): boolean => state === 'done' || state === 'failed' || state === 'blocked' || state === 'skipped';

export interface Board {
  readonly jobs: readonly PlanJob[];
  stateOf(job: PlanJob): JobState;
  /** The jobs that are in a state, where somebody keeps count of them; absent: all are looked through. */
  among?(state: 'running' | 'failed'): Iterable<PlanJob>;
  /** Grows with each job that begins or ends, where somebody keeps count. */
  changes?(): number;
  /** Whether the job's host is a control plane: etcd takes one new member at a time. */
  isControlPlane(host: string): boolean;
  /** Whether the job brings the pod network: it need not wait for the joins. */
  isEarly(job: PlanJob): boolean;
  /** How many workers may be away for their upgrade at once; one where nothing is said. */
  workersAway?(): number;
}

/** What is worked out once of a board: its jobs never change, and what is done on it stays done. */
interface Known {
  readonly index: PlanIndex;
  readonly needs: Map<PlanJob, Needs>;
  /** What the images' commands wait for. */
  readonly moves: readonly PlanJob[];
  /** So many of them from the first on are done. */
  moved: number;
  /** By stage: whether one more worker may be away, and as of which change. */
  readonly away: Map<StageName, { readonly asOf: string; readonly verdict: Verdict }>;
}

const known = new WeakMap<Board, Known>();

function knownOf(board: Board): Known {
  let found = known.get(board);
  if (!found) {
    const index = new PlanIndex(board.jobs, board.isControlPlane);
    known.set(board, found = { index, needs: new Map(), moves: board.jobs.filter(({ stage }) => moving[stage] !== undefined), moved: 0, away: new Map() });
  }
  return found;
}

/** The job that a job has to wait for first; undefined when all that it needs is done, whatever else may hold it up. */
export const waitsOn = (job: PlanJob, board: Board): PlanJob | undefined => needsOf(job, board, knownOf(board)).open((one) => passed(board.stateOf(one)))?.job;

/**
 * A host's job starts when that host's previous one is done and the gates of the cluster are open. This is the one place
 * that knows what must be there before what; the order within a host is the plan's.
 */
export function verdict(job: PlanJob, board: Board): Verdict {
  const all = knownOf(board);
  const isDone = (one: PlanJob): boolean => passed(board.stateOf(one));
  const needed = needsOf(job, board, all).open(isDone);
  if (needed) {
    const state = board.stateOf(needed.job);
    return { go: false, blocked: state === 'failed' || state === 'blocked', reason: needed.words };
  }
  if (job.stage === 'RunGuest' && !board.isEarly(job)) {
    const open = openMove(board, all);
    if (open) return { go: false, blocked: false, reason: `${open.host} ${moving[open.stage] ?? ''}` };
  }
  if (job.stage === 'MountRootfs') {
    const first = filesFirst(all.index);
    if (first && first !== job && !settled(board.stateOf(first))) return { go: false, blocked: false, reason: `the files of ${first.host} go first` };
  }
  return awayFor[job.stage] !== undefined && !board.isControlPlane(job.host ?? '') ? workersAsOf(job.stage, board, all) : { go: true };
}

const passed = (state: JobState): boolean => state === 'done' || state === 'skipped';

/** The first move that is not settled yet. */
function openMove(board: Board, all: Known): PlanJob | undefined {
  while (all.moved < all.moves.length && passed(board.stateOf(all.moves[all.moved]!))) all.moved += 1;
  for (let at = all.moved; at < all.moves.length; at += 1) if (!settled(board.stateOf(all.moves[at]!))) return all.moves[at];
  return undefined;
}

/**
 * Everybody joins through the host that is initialised: what delays it delays all, and the way out of the machine that sends
 * the files is narrow. Others have their files long before they may join.
 */
const filesFirst = (index: PlanIndex): PlanJob | undefined => {
  const [init] = index.of('Init');
  return init && index.before(init, 'MountRootfs').find(({ host }) => host === init.host);
};

/** What a host does in the stages that the images' commands wait for. */
const moving: Partial<Record<StageName, string>> = { Upgrade: 'is upgraded', Settings: 'gets its settings', Join: 'joins', Remove: 'leaves' };

/** Stages in which a worker may be away for a while, and what fails then, in words. */
const awayFor: Partial<Record<StageName, string>> = { Upgrade: 'the upgrade', Settings: 'the change of settings' };

/** The same for every worker of a stage until something changes. */
function workersAsOf(stage: StageName, board: Board, { away }: Known): Verdict {
  // The policy may say another number meanwhile.
  const asOf = board.changes && `${board.changes()} ${board.workersAway?.() ?? 1}`;
  const before = away.get(stage);
  if (before && before.asOf === asOf) return before.verdict;
  const verdict = workersNow(stage, board);
  if (asOf !== undefined) away.set(stage, { asOf, verdict });
  return verdict;
}

/** Whether one more worker may be away. One that has failed counts: what does not work must not go on to all. */
function workersNow(stage: StageName, board: Board): Verdict {
  const atOnce = board.workersAway?.() ?? 1;
  const failed = workersIn(stage, 'failed', board);
  const away = workersIn(stage, 'running', board);
  if (failed.length >= atOnce) return { go: false, blocked: true, reason: `${awayFor[stage] ?? stage} of ${failed.join(', ')} has failed` };
  if (failed.length + away.length >= atOnce) return { go: false, blocked: false, reason: `${[...failed, ...away].join(', ')} ${failed.length + away.length === 1 ? 'is' : 'are'} away, ${atOnce} at once` };
  return { go: true };
}

function workersIn(stage: StageName, state: 'running' | 'failed', board: Board): string[] {
  const there = board.among?.(state) ?? board.jobs.filter((job) => board.stateOf(job) === state);
  return [...there].flatMap((job) => (job.stage === stage && !board.isControlPlane(job.host ?? '') ? (job.host ?? '') : []));
}

function needsOf(job: PlanJob, board: Board, { index, needs }: Known): Needs {
  let found = needs.get(job);
  if (!found) needs.set(job, found = new Needs(neededBy(job, board, index)));
  return found;
}

/** The jobs that must be done before this one. */
function neededBy(job: PlanJob, board: Board, index: PlanIndex): Needed[] {
  const config = job.stage === 'RunConfig' ? [] : [{ jobs: index.of('RunConfig'), words: () => 'the configuration is merged' }];
  const previous = index.previous(job);
  const lane = previous ? [{ jobs: [previous], words: ({ stage }: PlanJob) => `${stage} of this host` }] : [];
  return [...config, ...lane, ...(gates[job.stage]?.(job, index, board) ?? [])];
}

/** What a stage waits for on other hosts, from the jobs that stand before it in the plan. */
const gates: Partial<Record<StageName, (job: PlanJob, index: PlanIndex, board: Board) => Needed[]>> = {
  // Whoever is upgraded pulls the former version's images until then.
  MirrorRegistry: (job, index) => (isTrim(job) ? [upgraded(job, index)] : []),
  Bootstrap: (job, index) => [served(job, index)],
  // etcd's members and the API servers change one by one; a kubelet is never newer than any of them.
  Upgrade: (job, index) => [
    served(job, index),
    // A control plane that leaves, and a member that is dead, is one of those that kubeadm asks.
    { jobs: index.before(job, 'Remove'), words: ({ host, member }) => `${member ?? host} leaves` },
    nodesFirst(job, index), controlPlanesFirst('Upgrade', job, index),
  ],
  // All hosts have their version before anything else of them changes: what fails has one cause. A kubelet that starts anew is
  // soon back and its pods run on, but what it was told may be wrong: so control planes go one by one here, too.
  Settings: (job, index) => [upgraded(job, index), nodesFirst(job, index), controlPlanesFirst('Settings', job, index)],
  Join: (job, index, board) => [
    controlPlanesFirst('Upgrade', job, index),
    // A kubelet that joins takes its settings from the cluster: they are the new ones when the control planes have them.
    controlPlanesFirst('Settings', job, index),
    { jobs: index.before(job, 'Init'), words: ({ host }) => `the API answers on ${host}` },
    ...(isNodeAgain(job) ? [nodesFirst(job, index)] : []),
    ...(board.isControlPlane(job.host ?? '') ? [members(job, index), { jobs: index.before(job, 'Remove'), words: leaves }] : [leads(job, index)]),
  ],
  // What is dead goes at once, one after another; who lives goes when all that takes its place is there.
  Remove: (job, index, board) => [{
    jobs: index.allBefore(job).filter(({ stage }) => stage !== 'RunConfig' && (stage !== 'Remove' || board.isControlPlane(job.host ?? '') || job.member !== undefined)),
    words: (one) => (one.stage === 'Remove' ? leaves(one) : `${one.stage} on ${one.host}`),
  }],
  // The cluster can only be whole when everything was done.
  PostProcess: (job, index) => [{ jobs: index.allBefore(job), words: ({ stage, host }) => `${stage}${host ? ` on ${host}` : ''}` }],
};

const served = (job: PlanJob, index: PlanIndex): Needed => ({ jobs: index.before(job, 'MirrorRegistry'), words: ({ host }) => `the registry on ${host} serves` });
const upgraded = (job: PlanJob, index: PlanIndex): Needed => ({ jobs: index.before(job, 'Upgrade'), words: ({ host }) => `${host} is upgraded` });
const controlPlanesFirst = (stage: 'Upgrade' | 'Settings', job: PlanJob, index: PlanIndex): Needed =>
  ({ jobs: index.controlPlanesBefore(job, stage), words: ({ host }) => `control plane ${host} ${moving[stage] ?? ''}` });
/** Of the joins only those that bring back a Node stand before a change of what runs. A control plane whose kubelet starts anew is changed alone. */
const nodesFirst = (job: PlanJob, index: PlanIndex): Needed => ({ jobs: index.controlPlanesBefore(job, 'Join'), words: ({ host }) => `control plane ${host} has its Node` });
const leaves = (one: PlanJob): string => `${one.member ?? one.host} leaves: etcd lets one go at a time`;
const members = (job: PlanJob, index: PlanIndex): Needed =>
  ({ jobs: index.controlPlanesBefore(job, 'Join'), words: (one) => `control plane ${one.host} ${isNodeAgain(one) ? 'has its Node' : 'joins: etcd takes one at a time'}` });

/** Where a new control plane takes over, workers wait for it: they know no other. */
const leads = (job: PlanJob, index: PlanIndex): Needed => ({
  jobs: index.controlPlanesBefore(job, 'Join').filter(({ through, host }) => through !== undefined && host !== job.host).slice(0, 1),
  words: ({ host }) => `the API answers on ${host}`,
});
