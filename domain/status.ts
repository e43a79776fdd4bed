import type { Paused } from './hands';
import { someOf } from './some-of';
import { stageNames, stageTitles, type StageName } from './stages';

/** Kubernetes' shape. One type for success and failure; lastTransitionTime moves only when the status flips. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedDigest?: string;
  /** Which of the applied specs it speaks of, counted from 1. */
  readonly observedGeneration?: number;
}

export type JobState = 'pending' | 'waiting' | 'running' | 'done' | 'failed' | 'blocked' | 'skipped';

/** What happened to one job; the only thing that changes a status. */
export interface StageEvent {
  readonly stage: StageName;
  /** Host id; absent where the stage is not about a host. */
  readonly host?: string;
  /** Which job of the host in this stage, where there are several (an image in RunGuest). */
  readonly subject?: string;
  readonly state: JobState;
  /** Error type, with state failed; what it waits for, with waiting and blocked. */
  readonly reason?: string;
  readonly message?: string;
}

/** A job by the last of its events. */
export interface JobStatus extends Omit<StageEvent, 'stage'> {
  readonly startedAt?: string;
  readonly endedAt?: string;
}

export interface StageStatus {
  readonly name: StageName;
  readonly title: string;
  readonly jobs: readonly JobStatus[];
}

/** What the operation waits for: why, since when, when it looks again by itself, and who can do what about it. */
export interface Waiting {
  /** Error type of what failed; `NeedsApproval`; `Paused`. */
  readonly reason: string;
  readonly message: string;
  readonly since: string;
  readonly nextCheckAt?: string;
  /** At that time it looks whether a host that failed has changed, and tries again only then. */
  readonly looks?: boolean;
  /** Something has to be mended; a plan to be approved; a pause to end. Absent: something has to be mended. */
  readonly kind?: 'failure' | 'approval' | 'pause';
  /** The plan that waits for approval, and what of it asks for one. */
  readonly planHash?: string;
  readonly approvals?: readonly string[];
  /** What failed, with kind failure; the first ones where there are very many. */
  readonly jobs?: readonly WaitingJob[];
  /** The commands that end the wait, as a person types them. */
  readonly commands?: readonly string[];
}

/** A failed job that waits for a person's word. */
export interface WaitingJob {
  readonly id: string;
  readonly stage: StageName;
  readonly host?: string;
  /** Reference of the image, where the job is an image's commands. */
  readonly image?: string;
  readonly reason: string;
  readonly message: string;
  /** Why the job cannot be left out; absent: it can. */
  readonly needed?: string;
}

export type Phase = 'ClusterInProcess' | 'ClusterSuccess' | 'ClusterFailed' | 'Absent';

export interface OperationStatus {
  readonly cluster: string;
  /** e.g. `init-1`. */
  readonly operation: string;
  readonly phase: Phase;
  readonly stages: readonly StageStatus[];
  readonly conditions: readonly Condition[];
  readonly waiting?: Waiting;
  /** Who holds it still: nothing is begun any more; what still runs goes on to its end. */
  readonly paused?: Paused;
  /** One line each, for people: warnings of the checks, hosts' fingerprints at first contact. */
  readonly notes: readonly string[];
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Set when the plan was made; 0 means that there was nothing to do. */
  readonly planned?: number;
  readonly planHash?: string;
}

/** The status of an operation that has just begun; conditions of the last one carry over, so their times survive. */
export const beginStatus = (cluster: string, operation: string, last: readonly Condition[], now: string): OperationStatus => ({
  cluster, operation, phase: 'ClusterInProcess', conditions: last, notes: [], startedAt: now,
  stages: stageNames.map((name) => ({ name, title: stageTitles[name], jobs: [] })),
});

/** Sets one condition. */
export function setCondition(list: readonly Condition[], next: Omit<Condition, 'lastTransitionTime'>, now: string): Condition[] {
  const before = list.find(({ type }) => type === next.type);
  const lastTransitionTime = before && before.status === next.status ? before.lastTransitionTime : now;
  const condition = { ...next, lastTransitionTime };
  return before ? list.map((one) => (one === before ? condition : one)) : [...list, condition];
}

/** The status after an event. Pure: events in, status out. */
export function applyEvent(status: OperationStatus, event: StageEvent, now: string): OperationStatus {
  const stages = status.stages.map((stage) => (stage.name === event.stage ? { ...stage, jobs: withJob(stage.jobs, event, now) } : stage));
  const stage = stages.find(({ name }) => name === event.stage);
  return { ...status, stages, conditions: stage ? setCondition(status.conditions, conditionOf(stage), now) : status.conditions };
}

function withJob(jobs: readonly JobStatus[], event: StageEvent, now: string): JobStatus[] {
  const at = jobs.findIndex((job) => job.host === event.host && job.subject === event.subject);
  const before = jobs[at];
  const { stage: _stage, ...shown } = event;
  const ended = event.state === 'done' || event.state === 'failed';
  const job: JobStatus = {
    ...shown,
    ...(event.state === 'running' ? { startedAt: now } : before?.startedAt ? { startedAt: before.startedAt } : {}),
    ...(ended ? { endedAt: now } : {}),
  };
  return before ? jobs.with(at, job) : [...jobs, job];
}

/** What was not done and is no work of a later plan any more (it turned out to be done, or is not wanted) is shown no longer. */
export function withoutUnplanned(status: OperationStatus, planned: (job: Pick<StageEvent, 'stage' | 'host' | 'subject'>) => boolean, now: string): OperationStatus {
  const open: readonly JobState[] = ['failed', 'blocked', 'waiting', 'pending'];
  return status.stages.reduce((after, stage) => {
    const jobs = stage.jobs.filter((job) => !open.includes(job.state) || planned({ ...job, stage: stage.name }));
    if (looks.includes(stage.name) || jobs.length === stage.jobs.length) return after;
    const left = { ...stage, jobs };
    return { ...after, stages: after.stages.map((one) => (one === stage ? left : one)), conditions: setCondition(after.conditions, conditionOf(left), now) };
  }, status);
}

/** Stages that are no work of a plan. */
const looks: readonly StageName[] = ['Check', 'PreProcess'];

/** A stage's condition follows from its jobs: failed before running before done. */
export function conditionOf(stage: StageStatus): Omit<Condition, 'lastTransitionTime'> {
  const failed = stage.jobs.filter(({ state }) => state === 'failed');
  const type = stage.name;
  if (failed.length > 0) {
    const message = someOf(failed, ({ host, message }) => [host, message].filter(Boolean).join(': '), '; ');
    return { type, status: 'False', reason: failed[0]?.reason ?? 'StageFailed', message };
  }
  const done = stage.jobs.filter(({ state }) => state === 'done').length;
  const skipped = stage.jobs.filter(({ state }) => state === 'skipped');
  if (done === stage.jobs.length) return { type, status: 'True', reason: 'Done', message: stage.title };
  if (done + skipped.length === stage.jobs.length) return { type, status: 'False', reason: 'Skipped', message: `left out: ${someOf(skipped, ({ host, subject }) => [host, subject].filter(Boolean).join(' '), ', ')}` };
  return { type, status: 'Unknown', reason: 'InProgress', message: `${done} of ${stage.jobs.length} done` };
}

/** The end of an operation: phase, Ready, and the condition that sealos's readers look for. */
export function endStatus(status: OperationStatus, outcome: { ok: boolean; ready?: boolean; reason: string; message: string }, now: string): OperationStatus {
  // What a person has left out is no failure, and the cluster is not what was wanted either.
  const { ok, ready = ok, reason, message } = outcome;
  let conditions = setCondition(status.conditions, { type: 'Ready', status: ready ? 'True' : 'False', reason, message }, now);
  conditions = setCondition(conditions, {
    type: 'ApplyClusterSuccess', status: ok ? 'True' : 'False', reason: ok ? 'Ready' : 'ApplyClusterError', message,
  }, now);
  const { waiting: _waiting, ...rest } = status;
  return { ...rest, phase: ok ? 'ClusterSuccess' : 'ClusterFailed', conditions, endedAt: now };
}
