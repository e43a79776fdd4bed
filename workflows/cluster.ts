import {
  allHandlersFinished, ApplicationFailure, CancellationScope, type ChildWorkflowHandle, ChildWorkflowFailure, condition, continueAsNew,
  ParentClosePolicy, setHandler, setWorkflowOptions, startChild, uuid4, workflowInfo,
} from '@temporalio/workflow';
import type { ClusterError } from '../domain/errors';
import {
  admitApply, admitReset, answerFor, begin, type EntityState, finish, migrate, type OperationResult, refuseApply, refuseCancel, refuseReset, refuseRetry, type Running, viewOf,
} from '../domain/entity';
import { initCluster } from './init-cluster';
import { applyUpdate, cancelUpdate, decisionSignal, desiredQuery, entityQuery, fileQuery, progressSignal, resetUpdate, retryUpdate } from './messages';
import { reconcileCluster } from './reconcile-cluster';
import { resetCluster } from './reset-cluster';

const now = (): string => new Date().toISOString();
const requireNone = (error: ClusterError | undefined): void => {
  if (error) throw ApplicationFailure.nonRetryable(error.message, error.type);
};

/**
 * The Applier: one per cluster, for as long as the cluster lives. It holds what is wanted and what is there, takes one
 * operation at a time, and continues-as-new after each. What it decides is in domain/entity.ts: this file must replay for
 * years and stays small.
 */
export async function cluster(input: unknown): Promise<EntityState> {
  let state = migrate(input, uuid4);
  let scope = new CancellationScope();
  /** Who ended the operation that runs, for the record. */
  let ended = '';
  let child: ChildWorkflowHandle<() => Promise<OperationResult>> | undefined;

  setHandler(entityQuery, () => viewOf(state), { description: 'the cluster, its conditions, its operations' });
  setHandler(desiredQuery, () => state.desired?.spec, { description: 'the spec, secrets sealed' });
  setHandler(fileQuery, () => state.desired?.file, { description: 'the Clusterfile, sealed' });
  setHandler(progressSignal, ({ operation, waiting }) => {
    if (state.running?.operation !== operation) return;
    const { waiting: _before, ...running } = state.running;
    state = { ...state, running: waiting ? { ...running, waiting } : running };
  });
  setHandler(applyUpdate, async (request) => {
    state = admitApply(state, request, now());
    const answer = answerFor(state, request.requestId);
    // The same request on an operation that waits is a person saying: try again.
    if (answer.attached && state.running?.waiting) await child?.signal(decisionSignal, { decision: 'retry', by: request.by });
    return answer;
  }, { validator: (request) => requireNone(refuseApply(state, request)) });
  setHandler(resetUpdate, (request) => {
    state = admitReset(state, request, now());
    if (state.running?.waiting) {
      ended = `made way for the reset of ${request.by}`;
      scope.cancel();
    }
    return answerFor(state, request.requestId);
  }, { validator: (request) => requireNone(refuseReset(state, request)) });
  setHandler(retryUpdate, async ({ by }) => { await child?.signal(decisionSignal, { decision: 'retry', by }); },
    { validator: (_word: { by: string }) => requireNone(refuseRetry(state)) });
  setHandler(cancelUpdate, ({ by, reason }: { by: string; reason: string }) => {
    ended = `cancelled by ${by}${reason ? `: ${reason}` : ''}`;
    scope.cancel();
  },
    { validator: (_word: { by: string; reason: string }) => requireNone(refuseCancel(state)) });

  while (!state.retired) {
    await condition(() => state.next !== undefined || workflowInfo().continueAsNewSuggested);
    if (state.next) {
      const request = state.next;
      const begun = begin(state, now());
      state = begun;
      scope = new CancellationScope();
      ended = '';
      const result = await scope.run(async () => {
        child = await startOperation(begun, begun.running, request.force ?? false);
        return child.result();
      }).catch((error: unknown) => outcomeOf(error, state, ended));
      child = undefined;
      state = finish(state, result, now());
    }
    await condition(allHandlersFinished);
    // Nothing is awaited between here and the switch, so no accepted request is lost.
    if (!state.retired && !state.next) await continueAsNew<typeof cluster>(state);
  }
  return state;
}

function startOperation(state: EntityState, { kind, operation }: Running, force: boolean): Promise<ChildWorkflowHandle<() => Promise<OperationResult>>> {
  if (!state.desired) throw ApplicationFailure.nonRetryable('nothing was applied', 'InvalidSpec');
  const common = { spec: state.desired.spec, uid: state.uid, n: state.n, operation, last: state.current };
  const options = {
    workflowId: `cluster/${state.name}/${operation}`,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `${kind} of cluster ${state.name}`,
  };
  if (kind === 'reset') return startChild(resetCluster, { ...options, args: [{ ...common, force }] });
  return startChild(kind === 'init' ? initCluster : reconcileCluster, { ...options, args: [common] });
}

/** A failed or cancelled operation is a condition of the cluster, never the end of its entity. */
function outcomeOf(error: unknown, state: EntityState, ended: string): OperationResult {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const told = cause.details?.[0] as OperationResult | undefined;
    return told ?? { outcome: 'Failed', message: cause.message, record: { ...state.current, phase: 'ClusterFailed' } };
  }
  return { outcome: 'Cancelled', message: ended || (cause instanceof Error ? cause.message : String(cause)), record: { ...state.current, phase: 'ClusterFailed' } };
}

// Only with worker versioning on: a behaviour set while it is off makes the server reject every workflow task.
setWorkflowOptions(() => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}), cluster);
