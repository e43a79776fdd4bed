import { ApplicationFailure, condition, allHandlersFinished, CancellationScope, ContinueAsNew, continueAsNew, getExternalWorkflowHandle, isCancellation, log, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import { renderDetails } from '../domain/details';
import type { ClusterRecord, OperationResult } from '../domain/entity';
import type { ErrorType } from '../domain/errors';
import type { Paused } from '../domain/hands';
import { recordOutcome } from '../domain/host-record';
import type { Plan } from '../domain/plan';
import { errorsOf, formatProblems, type Problem } from '../domain/problem';
import { isLeftOut, type LeftOut } from '../domain/skip-rules';
import { applyEvent, beginStatus, endStatus, type OperationStatus, type Waiting } from '../domain/status';
import { listen } from './decisions';
import { explain } from './explain';
import { look, planFrom, type Seen } from './look';
import { planQuery, progressSignal, statusQuery } from './messages';
import type { Answer } from './park';
import { nothingHeard, type Parked, People } from './people';
import { perform } from './perform';
import { type Failure, type Report } from './run-jobs';
import { takeBack } from './take-back';
import { clusterSlice, targetFor, type Work } from './work';

export interface OperationInput {
  readonly spec: ClusterSpec;
  readonly uid: string;
  readonly n: number;
  readonly operation: string;
  readonly last: ClusterRecord;
  /** Somebody held the cluster still before the operation began. */
  readonly paused?: Paused;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** The operation waits: its run before ended so that its history does not grow without end. */
  readonly parked?: Parked & { readonly status: OperationStatus; readonly record: ClusterRecord };
}

/** So many looks before we say that the cluster does not settle. */
const rounds = 4;

/**
 * One pass: look, plan, act, look again; ready means that nothing is left to do. There is no second path: creating a
 * cluster is converging one whose hosts are bare.
 */
export async function operate(input: OperationInput): Promise<OperationResult> {
  const { uid, n, operation, last, parked } = input;
  let status = parked?.status ?? beginStatus(input.spec.name, operation, last.conditions, new Date().toISOString());
  let plan: Plan | undefined;
  let seen: Seen | undefined;
  let record = parked?.record ?? last;
  const tell = (next: OperationStatus) => {
    status = next;
    setCurrentDetails(renderDetails(status));
  };
  const report: Report = (event) => tell(applyEvent(status, event, new Date().toISOString()));
  setHandler(statusQuery, () => status, { description: 'stages, hosts, conditions, what it waits for' });
  setHandler(planQuery, () => plan, { description: 'the plan that runs' });

  const parent = workflowInfo().parent;
  if (!parent) throw ApplicationFailure.nonRetryable('an operation runs only under the entity of its cluster', 'InvalidSpec');
  const entity = getExternalWorkflowHandle(parent.workflowId);
  const show = (waiting: Waiting | undefined) => {
    const { waiting: _before, ...rest } = status;
    tell(waiting ? { ...rest, waiting } : rest);
    // Lost words are no harm: the entity asks again when it needs to know.
    const joined = plan && { joined: hostsJoined(decisions.spec(), plan) };
    entity.signal(progressSignal, { operation, ...(waiting ? { waiting } : {}), ...joined }).catch((error: unknown) => log.warn('the entity was not told', { error }));
  };

  const decisions = listen({ spec: input.spec, paused: input.paused, onPause: (paused, running) => {
    const { paused: _before, ...rest } = status;
    tell(paused ? { ...rest, paused } : rest);
    const waits = status.waiting?.kind === 'pause';
    if (paused && running === 0 && !status.waiting) show(pauseWait(decisions.spec().name, paused, new Date().toISOString()));
    else if (!paused && waits) show(undefined);
  } });
  const { on } = decisions;
  const people = new People({
    decisions, heard: parked?.heard ?? nothingHeard, approved: input.approved ?? false, show, report, last,
    facts: () => ({ spec: decisions.spec(), images: seen?.images ?? [], leader: plan?.leader ?? record.leader ?? '' }),
    renew: ({ waiting, failures, heard }) => {
      const { paused: _before, ...same } = input;
      const paused = decisions.paused();
      return continueAsNew<typeof operate>({ ...same, spec: decisions.spec(), ...(paused ? { paused } : {}), parked: { waiting, failures, heard, status, record } });
    },
  });
  const mended = (failures: readonly Failure[], waiting?: Waiting): Promise<Answer> => people.mended(failures, waiting);

  const lookNow = () => look({ spec: decisions.spec(), where: { cluster: input.spec.name, uid, n, operation }, hostKeys: record.hostKeys, last, on, report });
  try {
    if (parked && parked.failures.length > 0) await mended(parked.failures, parked.waiting);
    // Before the first change nothing parks; whoever was parked has begun to change hosts.
    let first = parked === undefined;
    for (let round = 1; ; round += 1) {
      seen = await lookNow();
      if (first) refuse(seen);
      // Work was done since: a host that is away now is waited for, as in any other stage.
      for (let away = missing(seen, people.leftOut()); away.length > 0; away = missing(seen, people.leftOut())) {
        await mended(away.map(lookFailure));
        seen = await lookNow();
      }
      const spec = decisions.spec();
      plan = withoutLeftOut(planFrom(spec, seenWithout(seen, people.leftOut()), spec.force && first), people.leftOut());
      record = recordFrom(record, seen, plan);
      tell({ ...status, notes: notesFrom(status.notes, seen, last), planned: status.planned ?? plan.jobs.length, planHash: status.planHash ?? plan.hash });
      const work: Work = { spec, images: seen.images, uid, n, operation, hostKeys: record.hostKeys, on, policy: () => decisions.spec().policy };
      if (!(await people.agreed(plan))) {
        round = 0;
        continue;
      }
      first = false;
      if (plan.jobs.length > 0 && round < rounds) {
        // Amended: the rounds that count begin anew with what is wanted now.
        if (!(await perform({ plan, work, report, decisions, mended, leftOut: () => people.leftOut() }))) round = 0;
        continue;
      }
      if (plan.jobs.length > 0) throw failure('NotReadyYet', `after ${rounds} rounds there is still work: ${plan.jobs.map(({ id }) => id).join(', ')}`);
      const verified = await verify(plan, work, people.leftOut(), mended);
      if (verified === undefined) {
        round = 0;
        continue;
      }
      const left = leftOutWords(people.leftOut());
      const message = left ? `${verified}; left out: ${left}` : verified;
      const endedAt = new Date().toISOString();
      tell(endStatus(status, { ok: true, ready: left === '', reason: left ? 'Skipped' : 'Ready', message }, endedAt));
      record = { ...recordOutcome(record, last, status, endedAt), phase: 'ClusterSuccess', conditions: status.conditions, created: true };
      await condition(allHandlersFinished);
      return { outcome: 'Success', message, record };
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const why = explain(error);
    if (isCancellation(error) || !why) {
      const back = plan ? await takeBack({ spec: decisions.spec(), uid, n, operation, record, report }) : '';
      const message = ['cancelled', back].filter(Boolean).join('; ');
      tell(endStatus(status, { ok: false, reason: 'Cancelled', message }, new Date().toISOString()));
      record = { ...recordOutcome(record, last, status, new Date().toISOString()), phase: 'ClusterFailed', conditions: status.conditions };
      await CancellationScope.nonCancellable(() => entity.signal(progressSignal, { operation, ended: { record, message: back } }));
      throw error;
    }
    tell(endStatus(status, { ok: false, reason: why.reason, message: why.message }, new Date().toISOString()));
    record = { ...recordOutcome(record, last, status, new Date().toISOString()), phase: 'ClusterFailed', conditions: status.conditions };
    const result: OperationResult = { outcome: 'Failed', message: why.message, record };
    throw ApplicationFailure.create({ message: why.message, type: why.reason, nonRetryable: true, details: [result] });
  }
}

const failure = (type: ErrorType, message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, type);
const lookFailure = ({ type, host, where, message }: Problem): Failure =>
  ({ job: { id: `Check/${host ?? where ?? ''}`, stage: 'Check', reason: 'the look after the work', ...(host ? { host } : {}) }, reason: type, message });

/** Before the first change nothing parks: what is wrong ends the operation, all of it in one report. */
function refuse({ problems }: Seen): void {
  if (problems.some(({ severity }) => severity === 'error')) throw failure('PreflightFailed', formatProblems(problems));
}

/**
 * The cluster as an observer sees it: every Node there, at its version and Ready; etcd's members are the control planes.
 * Undefined: somebody has amended what is wanted, so it has to be looked at anew.
 */
async function verify(plan: Plan, work: Work, leftOut: LeftOut, mended: (failures: readonly Failure[]) => Promise<Answer>): Promise<string | undefined> {
  const slice = clusterSlice(work, plan);
  const cluster = { ...slice, workers: slice.workers.filter(({ id }) => !leftOut.hosts.includes(id)) };
  for (;;) {
    try {
      return await work.on.change.verifyCluster.executeWithOptions(
        { summary: 'Every node Ready, etcd members equal control planes' },
        [{ where: { cluster: work.spec.name, uid: work.uid, n: work.n, operation: work.operation, stage: 'Verify' }, host: targetFor(work, plan.leader), cluster }],
      );
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      const answer = await mended([{ job: { id: 'Verify', stage: 'RunGuest', host: plan.leader, reason: 'the cluster is whole' }, ...why }]);
      if (answer.decision === 'amend') return undefined;
    }
  }
}

/** A plan without what a person has left out; its hash is that of the whole. */
const withoutLeftOut = (plan: Plan, leftOut: LeftOut): Plan => {
  const jobs = plan.jobs.filter((job) => !isLeftOut(leftOut, job));
  // What is done for all hosts alone is nothing to do.
  return { ...plan, jobs: jobs.every(({ host }) => host === undefined) ? [] : jobs };
};

/** What is wrong with a host that was left out speaks against nothing. */
const seenWithout = (seen: Seen, { hosts }: LeftOut): Seen => ({ ...seen, problems: seen.problems.filter(({ host }) => !host || !hosts.includes(host)) });

const leftOutWords = ({ jobs, hosts }: LeftOut): string => [...hosts, ...jobs].join(', ');

/** What keeps an operation that has begun from going on: a host that is away, unless it was left out. */
const missing = ({ problems }: Seen, { hosts }: LeftOut): Problem[] => errorsOf(problems).filter(({ host }) => !host || !hosts.includes(host));

/** The hosts that need no Init and no Join any more. */
const hostsJoined = (spec: ClusterSpec, { jobs }: Plan): string[] =>
  spec.hosts.map(({ id }) => id).filter((id) => !jobs.some(({ stage, host }) => host === id && (stage === 'Init' || stage === 'Join')));

const pauseWait = (cluster: string, { by, at, reason }: Paused, now: string): Waiting => ({
  kind: 'pause', reason: 'Paused', since: now, message: `paused by ${by} since ${at}${reason ? ` (${reason})` : ''}; nothing runs`,
  commands: [`keelson resume ${cluster}`, `keelson cancel ${cluster}`],
});

function recordFrom(record: ClusterRecord, { images, facts }: Seen, plan: Plan): ClusterRecord {
  const keys = facts.flatMap(({ host, hostKey }) => (hostKey ? [[host, hostKey] as const] : []));
  return {
    ...record,
    leader: plan.leader,
    hostKeys: { ...record.hostKeys, ...Object.fromEntries(keys) },
    images: images.map(({ ref, digest, kind, version }) => ({ ref, digest, kind, ...(version ? { version } : {}) })),
  };
}

/** Warnings of the checks, and the key of every host that was met for the first time. */
function notesFrom(notes: readonly string[], { problems, facts }: Seen, last: ClusterRecord): string[] {
  const met = facts.filter(({ host, fingerprint }) => fingerprint && !last.hostKeys[host]);
  const lines = [
    ...met.map(({ host, fingerprint }) => `${host}: first contact, host key ${fingerprint ?? ''}`),
    ...problems.filter(({ severity }) => severity === 'warning').map(({ host, message }) => `warning: ${host ? `${host}: ` : ''}${message}`),
  ];
  return [...new Set([...notes, ...lines])];
}
