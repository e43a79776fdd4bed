import { amendProblems, withoutReplacedKeys } from './amend';
import { type ClusterSpec, isControlPlane } from './cluster';
import { desiredBy, withDesired } from './desired';
import { digestOf } from './digest';
import { type Answered, type Desired, type EntityState, operationName, type Request } from './entity';
import type { ClusterError } from './errors';
import { forOnceOf, lasting } from './for-once';
import { type Act, type AmendRequest, noted } from './hands';
import type { Anew } from './lost';
import { withAccess } from './membership';
import { noHash } from './plan';
import { changedMeanwhile, clusterBusy, damagedSpec, noCluster, nobody, refused, wasAnswered, type Word, wrongSpec } from './refusals';
import { specProblems } from './spec-rules';
import { formerOf } from './taken-back';
import { isTaskKind, type Task, taskKinds } from './tasks';

/**
 * Requests for an operation: when each is refused, and what becomes of the state when it is not. Refusals are pure and
 * synchronous: they are the validators of Updates, so a refused request leaves no trace.
 */
export interface ApplyRequest extends Word {
  /** Also the update's id: the same request twice gives the recorded answer. */
  readonly requestId: string;
  readonly spec: ClusterSpec;
  /** digestOf(spec). */
  readonly digest: string;
  /** Digest of the desired state the request was made from; absent: whatever is there. */
  readonly base?: string;
  /** Hosts that may be forgotten: they cannot be reached and never will be. */
  readonly forget?: readonly string[];
  /** Only this very plan may run; another one is refused as stale. */
  readonly planHash?: string;
  /** The Clusterfile this was made from, packed and sealed as a whole; absent: the one before stays. */
  readonly file?: string;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** A person has read the plan of `planHash` and said yes to it: to no other one that comes after it. */
  readonly agreed?: boolean;
  /** A cluster of which no control plane is there any more is made anew, from Init; otherwise it says nothing. */
  readonly anew?: Anew;
}

export interface ResetRequest extends Word {
  readonly requestId: string;
  /** Must repeat the cluster's name. */
  readonly confirm: string;
  /** Forget hosts that cannot be reached. */
  readonly force: boolean;
  /** The spec with other logins: those of before no longer work. */
  readonly amended?: Amended;
}

/** New logins for the hosts of a cluster, to reset it with. */
export interface Amended {
  readonly spec: ClusterSpec;
  /** Digest of the spec that was amended. */
  readonly base: string;
}

export interface TaskRequest extends Word {
  readonly requestId: string;
  readonly task: Task;
}

/** Why an apply is refused: InvalidSpec, ClusterBusy, or UnsafePlan for a host that would change its role. Undefined when it is not. */
export function refuseApply(state: EntityState, request: ApplyRequest): ClusterError | undefined {
  if (wasAnswered(state, request.requestId)) return undefined;
  const unnamed = nobody(request);
  if (unnamed) return unnamed;
  if (digestOf(request.spec) !== request.digest) return damagedSpec();
  if (request.spec.name !== state.name) return refused('InvalidSpec', `the spec is of cluster ${request.spec.name}, this is ${state.name}`);
  if (request.planHash?.trim() === '') return refused('InvalidSpec', noHash);
  if (state.running || state.next || state.retired) return attaches(state, request) ? undefined : clusterBusy(state);
  if (request.base !== undefined && request.base !== (state.desired?.digest ?? '')) return changedMeanwhile(state.desired);
  return wrongSpec(specProblems(request.spec)) ?? refuseChange(state, request.spec);
}

/** Whether what runs, or is about to, works for this very spec, so that the request can be answered with it. */
function attaches({ retired, running, next, desired }: EntityState, { spec, planHash }: ApplyRequest): boolean {
  const kind = (running ?? next)?.kind;
  if (retired || running?.ends !== undefined || kind === 'reset' || next?.kind === 'reset') return false;
  // Whoever forces attaches to what is forced; whoever does not, to either.
  if (spec.force && !(running ?? next)?.force) return false;
  // A task has no plan that could be the one that is asked for.
  return desired?.digest === digestOf(lasting(spec)) && !(planHash !== undefined && kind === 'task');
}

/** What can be seen to be wrong without a look at the hosts: hosts that change their role. */
function refuseChange(state: EntityState, spec: ClusterSpec): ClusterError | undefined {
  if (!state.desired || !state.current.created) return undefined;
  const before = new Map(state.desired.spec.hosts.map((host) => [host.id, isControlPlane(host)]));
  const turned = spec.hosts.filter((host) => before.get(host.id) === !isControlPlane(host)).map(({ id }) => id);
  if (turned.length === 0) return undefined;
  return refused('UnsafePlan', `a host of a running cluster keeps its role: ${turned.join(', ')} would change between control plane and worker`,
    'delete it from the cluster first, then add it in its new role');
}

/** Why a reset is refused: InvalidSpec, or ClusterBusy while something works that does not wait. Undefined when it is not. */
export function refuseReset(state: EntityState, request: Omit<ResetRequest, 'force'>): ClusterError | undefined {
  if (wasAnswered(state, request.requestId)) return undefined;
  const unnamed = nobody(request);
  if (unnamed) return unnamed;
  if (state.retired) return clusterBusy(state);
  if (!state.desired) return noCluster(state);
  if (request.confirm !== state.name) return refused('InvalidSpec', `to reset it, confirm with the cluster's name: ${state.name}`);
  const waits = state.running?.waiting !== undefined && state.running.kind !== 'reset';
  if ((state.running && !waits) || state.next) return clusterBusy(state);
  return request.amended && refuseAmended(state.desired, request.amended);
}

function refuseAmended(desired: Desired, { spec, base }: Amended): ClusterError | undefined {
  if (base !== desired.digest) return changedMeanwhile(desired);
  if (digestOf(spec) === desired.digest) return undefined;
  const members = desired.spec.hosts.map(({ id }) => id);
  return wrongSpec([...amendProblems(desired.spec, spec, { parked: false, members }), ...specProblems(spec)]);
}

/** Why a task is refused: it runs alone, on a cluster that is there. Undefined when it is not. */
export function refuseTask(state: EntityState, { requestId, by, task }: TaskRequest): ClusterError | undefined {
  if (wasAnswered(state, requestId)) return undefined;
  const unnamed = nobody({ by });
  if (unnamed) return unnamed;
  if (!isTaskKind(task.kind)) return refused('InvalidSpec', `there is no task ${JSON.stringify(task.kind)}: there are ${taskKinds.join(', ')}`);
  if (!state.desired) return noCluster(state);
  return state.running || state.next || state.retired ? clusterBusy(state) : undefined;
}

/** Accepts a spec: either the one that runs already (attach), or the next operation. `at`: ISO time. */
export function admitApply(state: EntityState, request: ApplyRequest, at: string): EntityState {
  const { requestId, by, approved, agreed, forget, planHash, anew } = request;
  if (wasAnswered(state, requestId)) return state;
  if (state.running || state.next) return answered(state, { requestId, ...joined(state), attached: true });
  const kind = state.current.created && !anew ? 'reconcile' : 'init';
  const current = withAccess(state.current, state.desired?.spec, request.spec);
  return remember({ ...state, former: formerOf(state), current, desired: desiredBy(state.desired, request, at) }, {
    kind, requestId, by, at, ...(approved ? { approved } : {}), ...(agreed ? { agreed } : {}), ...(forget ? { forget } : {}), ...(planHash ? { planHash } : {}), ...(anew ? { anew } : {}), ...forOnceOf(request.spec),
  });
}

/** Accepts a reset; a parked operation makes way for it. Logins that come with it are the cluster's from now on. */
export function admitReset(state: EntityState, { requestId, by, force, amended }: Omit<ResetRequest, 'confirm'>, at: string): EntityState {
  if (wasAnswered(state, requestId)) return state;
  return remember(amended ? withAmended(state, amended.spec, { by, at }) : state, { kind: 'reset', requestId, by, at, force });
}

/** Accepts a task as the next operation. */
export const admitTask = (state: EntityState, { requestId, by, task }: TaskRequest, at: string): EntityState =>
  wasAnswered(state, requestId) ? state : remember(state, { kind: 'task', requestId, by, at, task });

/** The amended spec is what is wanted from now on: by the operation that waits, or by a new one on a cluster that rests. */
export function admitAmend(state: EntityState, { requestId, by, spec }: AmendRequest, at: string): EntityState {
  if (wasAnswered(state, requestId)) return state;
  if (state.running) {
    const amended = withDesired(state, spec, { by, at });
    return noted(answered(amended, { requestId, ...joined(state), attached: true }), { at, by, what: 'amend', operation: state.running.operation });
  }
  return remember(withAmended(state, spec, { by, at }), { kind: state.current.created ? 'reconcile' : 'init', requestId, by, at }, 'amend');
}

/** The amended spec as what is wanted; of hosts whose key it names the recorded one counts no more. */
function withAmended(state: EntityState, spec: ClusterSpec, word: { by: string; at: string }): EntityState {
  const amended = withDesired(state, spec, word);
  return { ...amended, current: { ...amended.current, hostKeys: withoutReplacedKeys(amended.current.hostKeys, state.desired?.spec, spec) } };
}

function remember(state: EntityState, next: Request, what: Act['what'] = next.kind === 'task' || next.kind === 'reset' ? next.kind : 'apply'): EntityState {
  const n = state.n + 1;
  const operation = operationName(next, n);
  return noted(answered({ ...state, next }, { requestId: next.requestId, n, operation }), { at: next.at, by: next.by, what, operation });
}

const answered = (state: EntityState, answer: Answered): EntityState => ({ ...state, recent: [...state.recent, answer].slice(-20) });

/** The operation that runs, or that is about to. */
const joined = ({ n, running, next }: EntityState): { n: number; operation: string } =>
  running ? { n, operation: running.operation } : { n: n + 1, operation: next ? operationName(next, n + 1) : `init-${n + 1}` };

/** The name of the operation that runs, or that is about to; undefined when there is none. */
export const openOperation = (state: EntityState): string | undefined => (state.running || state.next ? joined(state).operation : undefined);

/** The answer to a request that was admitted, now or before. */
export function answerFor(state: EntityState, requestId: string): { operation: string; workflowId: string; attached: boolean } {
  const known = state.recent.find((one) => one.requestId === requestId);
  const operation = known?.operation ?? joined(state).operation;
  return { operation, workflowId: `cluster/${state.name}/${operation}`, attached: known?.attached ?? known === undefined };
}
