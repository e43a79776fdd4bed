import {
  allHandlersFinished, ApplicationFailure, CancellationScope, type ChildWorkflowHandle, ChildWorkflowFailure, condition, continueAsNew,
  getExternalWorkflowHandle, isCancellation, log, ParentClosePolicy, patched, setHandler, setWorkflowOptions, startChild, uuid4, workflowInfo,
} from '@temporalio/workflow';
import { begin, type EntityState, finish, migrate, type OperationResult, type Request, type Running, viewOf } from '../domain/entity';
import { admitForget, afterReset, refuseForget } from '../domain/absent';
import { canTell, isOpen, refuseAttach, unanswered, withoutPlan } from '../domain/attach';
import { convergesOn, observeDrift } from '../domain/drift/observed';
import type { ClusterError } from '../domain/errors';
import {
  type Act, admitPolicy, type Decision, noted, refuseAmend, refuseApprove, refuseCancel, refusePause, refusePolicy, refuseResume, refuseRetry, refuseSkip, skippedBy,
} from '../domain/hands';
import { afterProgress, type Progress } from '../domain/progress';
import { admitAmend, admitApply, admitReset, admitTask, answerFor, refuseApply, refuseReset, refuseTask } from '../domain/requests';
import { observeSnapshot, withSchedules } from '../domain/scheduled-snapshots';
import { declinedWords, isDeclined } from '../domain/taken-back';
import { afterThePause, Copies, settleSchedules, whileItWaits } from './after-operation';
import { initCluster } from './init-cluster';
import {
  amendUpdate, applyUpdate, approveUpdate, cancelUpdate, decisionSignal, desiredQuery, driftSignal, entityQuery, fileQuery, forgetUpdate, pauseUpdate, policyUpdate, progressSignal, recordQuery, resetUpdate, resumeUpdate, retryUpdate, skipUpdate, snapshotSignal, taskUpdate,
} from './messages';
import { reconcileCluster } from './reconcile-cluster';
import { resetCluster } from './reset-cluster';
import { runTask } from './run-task';

const now = (): string => new Date().toISOString();
const requireNone = (error: ClusterError | undefined): void => {
  if (error) throw ApplicationFailure.nonRetryable(error.message + (error.details.todo ? `: ${error.details.todo}` : ''), error.type);
};

/**
 * The Applier: one per cluster, until somebody forgets its name. It holds what is wanted and what is there, takes one
 * operation at a time, and continues-as-new after each. What it decides is in domain/requests.ts, domain/hands.ts and
 * domain/entity.ts: this file must replay for years and stays small.
 */
export async function cluster(input: unknown): Promise<EntityState> {
  let state = migrate(input, uuid4);
  let scope = new CancellationScope();
  /** Who ended the operation that runs, for the record. */
  let ended = '';
  /** What a cancelled operation left. */
  let left: Progress['ended'];
  let child: ChildWorkflowHandle<() => Promise<OperationResult>> | undefined;
  /** What was said to an operation that was just being started. */
  let unsaid: Decision[] = [];
  const copies = new Copies(() => state);
  /** The cluster is forgotten: what was set up for it ends with this run. */
  let forgotten = false;

  const note = (by: string, what: Act['what'], more: Pick<Act, 'note'> = {}): void => {
    state = noted(state, { at: now(), by, what, ...(state.running ? { operation: state.running.operation } : {}), ...more });
  };
  /** Passes a word on to the operation that runs. One that has ended meanwhile needs it no more. */
  const say = async (word: Decision): Promise<void> => {
    if (!state.running) return;
    if (!child) unsaid.push(word);
    else await child.signal(decisionSignal, word).catch((error: unknown) => log.warn('the operation did not hear a word', { word: word.decision, error }));
  };

  /** Ends the operation that runs: by its name, as one that has waited for long is another run than the one that was started. */
  const endOperation = async (): Promise<void> => {
    if (!child || !patched('a-cancel-reaches-the-present-run')) return scope.cancel();
    const { workflowId } = child;
    await getExternalWorkflowHandle(workflowId).cancel().catch((error: unknown) => log.warn('the operation did not hear its cancel', { workflowId, error }));
  };

  /** Whoever wants one very plan attaches to no operation that runs another one, and waits while it has none yet. */
  const requirePlan = async (operation: string, { requestId, by }: { requestId: string; by: string }, planHash: string): Promise<void> => {
    await condition(() => state.running?.operation === operation || !isOpen(state, operation));
    if (isOpen(state, operation)) {
      state = withoutPlan(state);
      await say({ decision: 'plan', by });
    }
    await condition(() => canTell(state, operation));
    const refusal = refuseAttach(state, operation, planHash);
    if (refusal) state = unanswered(state, requestId);
    requireNone(refusal);
  };

  setHandler(entityQuery, () => viewOf(state), { description: 'the cluster, its conditions, its operations' });
  setHandler(desiredQuery, () => state.desired?.spec, { description: 'the spec, secrets sealed' });
  setHandler(fileQuery, () => state.desired?.file, { description: 'the Clusterfile, sealed' });
  setHandler(recordQuery, () => state.current, { description: 'what the last operation left' });
  setHandler(progressSignal, (progress) => {
    if (state.running?.operation === progress.operation) left = progress.ended ?? left;
    state = afterProgress(state, progress);
    // It may wait for days: what it has come to must not be lost with the server.
    if (progress.waiting?.kind === 'failure' && state.running?.operation === progress.operation && !state.paused && patched(whileItWaits)) copies.keepSoon(progress.operation);
  });
  setHandler(applyUpdate, async (request) => {
    state = admitApply(state, request, now());
    const answer = answerFor(state, request.requestId);
    if (answer.attached && request.planHash) await requirePlan(answer.operation, request, request.planHash);
    // The same request on an operation that waits is a person saying: try again. One that tries again by itself may have met
    // what the person has mended since: it does so once more.
    if (answer.attached && state.running?.waited) await say({ decision: 'retry', by: request.by });
    return answer;
  }, { validator: (request) => requireNone(refuseApply(state, request)) });
  setHandler(resetUpdate, async (request) => {
    state = admitReset(state, request, now());
    const answer = answerFor(state, request.requestId);
    if (state.running?.waiting) {
      ended = `made way for the reset of ${request.by}`;
      await endOperation();
    }
    return answer;
  }, { validator: (request) => requireNone(refuseReset(state, request)) });
  setHandler(forgetUpdate, (request) => {
    state = admitForget(state, request, now(), uuid4());
    forgotten = true;
  }, { validator: (request) => requireNone(refuseForget(state, request)) });
  setHandler(taskUpdate, (request) => {
    state = admitTask(state, request, now());
    return answerFor(state, request.requestId);
  }, { validator: (request) => requireNone(refuseTask(state, request)) });
  setHandler(retryUpdate, async ({ by, host }) => {
    note(by, 'retry', host ? { note: host } : {});
    await say({ decision: 'retry', by, ...(host ? { host } : {}) });
  }, { validator: (word) => requireNone(refuseRetry(state, word)) });
  setHandler(skipUpdate, async (request) => {
    const jobs = skippedBy(state, request).map(({ id }) => id);
    note(request.by, 'skip', { note: jobs.join(', ') });
    await say({ decision: 'skip', by: request.by, jobs });
    return jobs;
  }, { validator: (request) => requireNone(refuseSkip(state, request)) });
  setHandler(approveUpdate, async ({ by, planHash }) => {
    note(by, 'approve', { note: planHash });
    await say({ decision: 'approve', by, planHash });
  }, { validator: (word) => requireNone(refuseApprove(state, word)) });
  setHandler(pauseUpdate, async ({ by, reason }) => {
    const paused = { by, at: now(), ...(reason ? { reason } : {}) };
    note(by, 'pause', reason ? { note: reason } : {});
    state = { ...state, paused };
    await say({ decision: 'pause', ...paused });
  }, { validator: (word) => requireNone(refusePause(state, word)) });
  setHandler(resumeUpdate, async ({ by }) => {
    note(by, 'resume');
    state = { ...state, paused: undefined };
    // Of what has ended meanwhile, or waits for days.
    if ((!state.running || state.running.waiting?.kind === 'failure') && patched(afterThePause)) copies.keepSoon(state.running?.operation ?? 'resume');
    await say({ decision: 'resume', by });
  }, { validator: (word) => requireNone(refuseResume(state, word)) });
  setHandler(amendUpdate, async (request) => {
    state = admitAmend(state, request, now());
    await say({ decision: 'amend', by: request.by, spec: request.spec });
    return answerFor(state, request.requestId);
  }, { validator: (request) => requireNone(refuseAmend(state, request)) });
  setHandler(policyUpdate, async ({ by, policy }) => {
    note(by, 'policy');
    state = admitPolicy(state, { by, policy }, now());
    if (!state.running && !state.paused && patched(whileItWaits)) copies.keepSoon('policy');
    await say({ decision: 'policy', by, policy });
  }, { validator: (word) => requireNone(refusePolicy(state, word)) });
  setHandler(cancelUpdate, async ({ by, reason }) => {
    note(by, 'cancel', reason ? { note: reason } : {});
    // It ends the pause with it: what is taken back is work on hosts. Operations of before had to be told.
    if (state.paused && !patched('a-cancel-ends-the-pause')) await say({ decision: 'resume', by });
    state = { ...state, paused: undefined };
    ended = `cancelled by ${by}${reason ? `: ${reason}` : ''}`;
    if (state.running) {
      // It waits for nobody any more.
      const { waiting: _before, ...running } = state.running;
      state = { ...state, running: { ...running, ends: ended } };
    }
    await endOperation();
  }, { validator: (word) => requireNone(refuseCancel(state, word)) });

  setHandler(driftSignal, (report) => {
    state = observeDrift(state, report, now());
    if (!convergesOn(state, report) || !state.desired) return;
    const { spec, digest } = state.desired;
    state = admitApply(state, { requestId: `drift-${report.at}`, by: 'drift', spec, digest }, now());
  });
  setHandler(snapshotSignal, (report) => { state = observeSnapshot(state, report, now()); });
  const schedule = async (): Promise<void> => {
    const schedules = await settleSchedules(state);
    state = withSchedules(state, schedules);
  };

  // Just adopted: what is known now is worth a copy at once.
  if (!workflowInfo().continuedFromExecutionRunId && state.log.at(-1)?.operation === 'adopt') await copies.keep('adopt');

  while (!state.retired) {
    await schedule();
    await condition(() => state.next !== undefined || forgotten || workflowInfo().continueAsNewSuggested);
    if (state.next) {
      const request = state.next;
      const begun = begin(state, now());
      state = begun;
      scope = new CancellationScope();
      ended = '';
      left = undefined;
      const result = await scope.run(async () => {
        child = await startOperation(begun, begun.running, request);
        for (const word of unsaid.splice(0)) await say(word);
        return child.result();
      }).catch((error: unknown) => outcomeOf(error, state, ended, left));
      child = undefined;
      unsaid = [];
      state = finish(state, result, now());
      if (begun.running.kind === 'reset') state = afterReset(state, result, uuid4());
      // Also of one that failed or was cancelled: hosts have joined in it.
      if (!result.refused && state.next?.kind !== 'reset') await copies.keep(begun.running.operation, { always: true });
    }
    const rests = (): boolean => allHandlersFinished() && copies.idle();
    const goesOn = (): boolean => rests() || state.next !== undefined;
    while (!goesOn()) await condition(goesOn);
    // Whoever asks for one very plan waits for the operation that is next: it must not wait for him.
    if (!rests() && !patched('begins-what-is-next-while-handlers-wait')) await condition(rests);
    // Nothing is awaited between here and the switch, so no accepted request is lost.
    if (!state.retired && !state.next) await continueAsNew<typeof cluster>(state);
  }
  await schedule();
  return state;
}

function startOperation(state: EntityState, { kind, operation }: Running, { force = false, noWait = false, approved, agreed, task, forget, planHash, anew }: Request): Promise<ChildWorkflowHandle<() => Promise<OperationResult>>> {
  if (!state.desired) throw ApplicationFailure.nonRetryable('nothing was applied', 'InvalidSpec');
  const common = {
    spec: state.desired.spec, uid: state.uid, n: state.n, operation, last: state.current,
    ...(state.paused ? { paused: state.paused } : {}), ...(approved ? { approved } : {}), ...(agreed ? { agreed } : {}),
    ...(forget ? { forget } : {}), ...(planHash ? { planHash } : {}), ...(anew ? { anew } : {}),
  };
  const options = {
    workflowId: `cluster/${state.name}/${operation}`,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    // The plan of a thousand hosts takes seconds, and so does reading its history anew: more than ten on a busy machine.
    workflowTaskTimeout: 10_000 + state.desired.spec.hosts.length * 50,
    staticSummary: `${kind} of cluster ${state.name}`,
  };
  if (task) return startChild(runTask, { ...options, args: [{ ...common, task }], staticSummary: `${task.kind} of cluster ${state.name}` });
  if (kind === 'reset') return startChild(resetCluster, { ...options, args: [{ ...common, force }] });
  return startChild(kind === 'init' ? initCluster : reconcileCluster, { ...options, args: [{ ...common, force, noWait }] });
}

/**
 * A failed or cancelled operation is a condition of the cluster, never the end of its entity. One that was terminated, or timed
 * out, had no chance to leave its hosts in order: it has failed.
 */
function outcomeOf(error: unknown, state: EntityState, ended: string, left: Progress['ended']): OperationResult {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  const record = left?.record ?? { ...state.current, phase: 'ClusterFailed' };
  if (cause instanceof ApplicationFailure) {
    const told = cause.details?.[0] as OperationResult | undefined;
    return told ?? { outcome: 'Failed', message: cause.message, record: { ...state.current, phase: 'ClusterFailed' } };
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  if (!isCancellation(error)) return { outcome: 'Failed', message: `${why}: it did not end by itself, and may be half way on its hosts; apply again finishes it`, record };
  if (isDeclined(state, left)) return { outcome: 'Cancelled', message: `${ended || why}; ${declinedWords}`, record, declined: true };
  // A task says nothing about the cluster.
  return { outcome: 'Cancelled', message: [ended || why, left?.message].filter(Boolean).join('; '), record: state.running?.kind === 'task' ? state.current : record };
}

// Only with worker versioning on: a behaviour set while it is off makes the server reject every workflow task.
setWorkflowOptions(() => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}), cluster);
