import type { PlanJob } from './plan';
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
    const open = board.jobs.find((one) => one.stage === 'Join' && !settled(board.stateOf(one)));
    if (open) return { go: false, blocked: false, reason: `${open.host} joins` };
  }
  return { go: true };
}

/** The jobs that must be done before this one, each with the words for "waits for". */
function needs(job: PlanJob, board: Board): [PlanJob, string][] {
  const { jobs } = board;
  const of = (...stages: string[]) => jobs.filter(({ stage }) => stages.includes(stage));
  const before = jobs.slice(0, jobs.indexOf(job));
  const lane = job.host === undefined ? [] : before.filter(({ host }) => host === job.host).slice(-1);
  const list: [PlanJob, string][] = job.stage === 'RunConfig' ? [] : of('RunConfig').map((one) => [one, 'the configuration is merged']);
  list.push(...lane.map((one): [PlanJob, string] => [one, `${one.stage} of this host`]));
  if (job.stage === 'Bootstrap') list.push(...of('MirrorRegistry').map((one): [PlanJob, string] => [one, `the registry on ${one.host} serves`]));
  if (job.stage === 'Join') {
    list.push(...of('Init').map((one): [PlanJob, string] => [one, `the API answers on ${one.host}`]));
    if (board.isControlPlane(job.host ?? '')) {
      const earlier = before.filter((one) => one.stage === 'Join' && board.isControlPlane(one.host ?? ''));
      list.push(...earlier.map((one): [PlanJob, string] => [one, `control plane ${one.host} joins: etcd takes one at a time`]));
    }
  }
  return list;
}
