import { ApplicationFailure, condition, allHandlersFinished, getExternalWorkflowHandle, isCancellation, log, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { isControlPlane } from '../domain/cluster';
import type { ClusterSpec } from '../domain/cluster';
import { renderDetails } from '../domain/details';
import type { ClusterRecord, OperationResult } from '../domain/entity';
import type { ErrorType } from '../domain/errors';
import { recordOutcome } from '../domain/host-record';
import type { Plan } from '../domain/plan';
import { errorsOf, formatProblems, type Problem } from '../domain/problem';
import { applyEvent, beginStatus, endStatus, type JobState, type OperationStatus, type Waiting } from '../domain/status';
import { explain } from './explain';
import { look, planFrom, type Seen } from './look';
import { decisionSignal, planQuery, progressSignal, statusQuery } from './messages';
import { on } from './on';
import { park } from './park';
import { again, type Failure, type Report, runJobs } from './run-jobs';
import { stages } from './stages';
import { clusterSlice, targetFor, type Work } from './work';

export interface OperationInput {
  readonly spec: ClusterSpec;
  readonly uid: string;
  readonly n: number;
  readonly operation: string;
  readonly last: ClusterRecord;
}

/** So many looks before we say that the cluster does not settle. */
const rounds = 4;

/**
 * One pass: look, plan, act, look again; ready means that nothing is left to do. There is no second path: creating a
 * cluster is converging one whose hosts are bare.
 */
export async function operate(input: OperationInput): Promise<OperationResult> {
  const { spec, uid, n, operation, last } = input;
  let status = beginStatus(spec.name, operation, last.conditions, new Date().toISOString());
  let plan: Plan | undefined;
  let asked = false;
  const tell = (next: OperationStatus) => {
    status = next;
    setCurrentDetails(renderDetails(status));
  };
  const report: Report = (event) => tell(applyEvent(status, event, new Date().toISOString()));
  setHandler(statusQuery, () => status, { description: 'stages, hosts, conditions, what it waits for' });
  setHandler(planQuery, () => plan, { description: 'the plan that runs' });
  setHandler(decisionSignal, () => { asked = true; });

  const parent = workflowInfo().parent;
  if (!parent) throw ApplicationFailure.nonRetryable('an operation runs only under the entity of its cluster', 'InvalidSpec');
  const entity = getExternalWorkflowHandle(parent.workflowId);
  const show = (waiting: Waiting | undefined) => {
    const { waiting: _before, ...rest } = status;
    tell(waiting ? { ...rest, waiting } : rest);
    // Lost words are no harm: the entity asks again when it needs to know.
    entity.signal(progressSignal, { operation, ...(waiting ? { waiting } : {}) }).catch((error: unknown) => log.warn('the entity was not told', { error }));
  };

  let tried = 0;
  const failed = async (failures: Failure[]): Promise<void> => {
    if (spec.policy.noWait) throw failure('StageFailed', describe(failures));
    asked = false;
    if ((await park({ policy: spec.policy, failures, tried, show, asked: () => asked, now: () => new Date() })) === 'timer') tried += 1;
    else tried = 0;
  };

  let record = last;
  const lookNow = () => look({ spec, where: { cluster: spec.name, uid, n, operation }, hostKeys: record.hostKeys, last, on, report });
  try {
    for (let round = 1; ; round += 1) {
      let seen = await lookNow();
      if (round === 1) refuse(seen);
      // Work was done since: a host that is away now is waited for, as in any other stage.
      while (errorsOf(seen.problems).length > 0) {
        await failed(errorsOf(seen.problems).map(lookFailure));
        seen = await lookNow();
      }
      plan = planFrom(spec, seen, spec.force && round === 1);
      record = recordFrom(record, seen, plan);
      tell({ ...status, notes: notesFrom(status.notes, seen, last), planned: status.planned ?? plan.jobs.length, planHash: status.planHash ?? plan.hash });
      const work: Work = { spec, images: seen.images, uid, n, operation, hostKeys: record.hostKeys, on };
      if (plan.jobs.length > 0 && round < rounds) {
        await perform(plan, work, report, failed);
        continue;
      }
      if (plan.jobs.length > 0) throw failure('NotReadyYet', `after ${rounds} rounds there is still work: ${plan.jobs.map(({ id }) => id).join(', ')}`);
      const message = await verify(plan, work, failed);
      const endedAt = new Date().toISOString();
      tell(endStatus(status, { ok: true, reason: 'Ready', message }, endedAt));
      record = { ...recordOutcome(record, last, status, endedAt), phase: 'ClusterSuccess', conditions: status.conditions, created: true };
      await condition(allHandlersFinished);
      return { outcome: 'Success', message, record };
    }
  } catch (error) {
    const why = explain(error);
    tell(endStatus(status, { ok: false, reason: why?.reason ?? 'Cancelled', message: why?.message ?? 'cancelled' }, new Date().toISOString()));
    if (isCancellation(error) || !why) throw error;
    record = { ...recordOutcome(record, last, status, new Date().toISOString()), phase: 'ClusterFailed', conditions: status.conditions };
    const result: OperationResult = { outcome: 'Failed', message: why.message, record };
    throw ApplicationFailure.create({ message: why.message, type: why.reason, nonRetryable: true, details: [result] });
  }
}

const failure = (type: ErrorType, message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, type);
const describe = (failures: readonly Failure[]): string =>
  failures.map(({ job, message }) => `${job.stage}${job.host ? ` on ${job.host}` : ''}: ${message}`).join('; ');

const lookFailure = ({ type, host, where, message }: Problem): Failure =>
  ({ job: { id: `Check/${host ?? where ?? ''}`, stage: 'Check', reason: 'the look after the work', ...(host ? { host } : {}) }, reason: type, message });

/** Before the first change nothing parks: what is wrong ends the operation, all of it in one report. */
function refuse({ problems }: Seen): void {
  if (problems.some(({ severity }) => severity === 'error')) throw failure('PreflightFailed', formatProblems(problems));
}

/** Runs the plan; parks while something has failed, then goes on with what is not done. */
async function perform(plan: Plan, work: Work, report: Report, failed: (failures: Failure[]) => Promise<void>): Promise<void> {
  const states = new Map<string, JobState>();
  const early = new Set(work.images.filter(({ runAt }) => runAt === 'api-up').map(({ digest }) => digest));
  for (;;) {
    const failures = await runJobs({
      plan, states, report, explain,
      parallel: work.spec.policy.parallel,
      isControlPlane: (id) => work.spec.hosts.some((host) => host.id === id && isControlPlane(host)),
      isEarly: ({ image }) => early.has(image ?? ''),
      perform: async (job) => {
        const stage = stages.find(({ name }) => name === job.stage);
        if (!stage) throw new Error(`no stage ${job.stage}`);
        await stage.run({ job, plan, work });
      },
    });
    if (failures.length === 0) return;
    await failed(failures);
    again(states);
  }
}

/** The cluster as an observer sees it: every Node there, at its version and Ready; etcd's members are the control planes. */
async function verify(plan: Plan, work: Work, failed: (failures: Failure[]) => Promise<void>): Promise<string> {
  for (;;) {
    try {
      return await work.on.change.verifyCluster.executeWithOptions(
        { summary: 'Every node Ready, etcd members equal control planes' },
        [{ where: { cluster: work.spec.name, uid: work.uid, n: work.n, operation: work.operation, stage: 'Verify' }, host: targetFor(work, plan.leader), cluster: clusterSlice(work, plan) }],
      );
    } catch (error) {
      const why = explain(error);
      if (!why) throw error;
      await failed([{ job: { id: 'Verify', stage: 'RunGuest', host: plan.leader, reason: 'the cluster is whole' }, ...why }]);
    }
  }
}

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
