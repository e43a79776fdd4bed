import { amendProblems, withoutReplacedKeys } from './amend';
import { type ClusterSpec, type Credential, type Host, isControlPlane } from './cluster';
import { digestOf } from './digest';
import type { Sightings } from './drift/budget';
import { ClusterError } from './errors';
import { type Act, type AmendRequest, nobody, noted, type Paused, withDesired } from './hands';
import type { HostRecord } from './host-record';
import type { FixedSettings } from './kubeadm/fixed';
import type { MadeFrom } from './made-from';
import { leavingOf } from './membership';
import type { Anew } from './lost';
import { noHash } from './plan';
import { formatProblems } from './problem';
import { specProblems } from './spec-rules';
import type { Condition, OperationStatus, Phase, Waiting } from './status';
import { asItWas, type Former, formerOf, type Refusal, takenBack } from './taken-back';
import { isTaskKind, type Task, taskKinds } from './tasks';

/** The state of a cluster's entity: what is wanted, what the last operation left, who did what. JSON, versioned. */
export interface EntityState {
  readonly v: 1;
  readonly name: string;
  /** The cluster's identity on its hosts. */
  readonly uid: string;
  readonly desired?: Desired;
  readonly current: ClusterRecord;
  /** Number of the last operation; only grows, over resets too. */
  readonly n: number;
  readonly running?: Running;
  readonly next?: Request;
  /** While an applied spec is worked for: what it took the place of, should its plan be refused. */
  readonly former?: Former;
  /** The last answers, so that a request sent twice is answered twice and done once. */
  readonly recent: readonly Answered[];
  readonly log: readonly LogLine[];
  /** Somebody holds the cluster still: no operation begins any command. */
  readonly paused?: Paused;
  /** Who did what, oldest first; the last hundred. */
  readonly acts?: readonly Act[];
  /** A person has ended the record of the cluster: its entity ends. */
  readonly retired: boolean;
  /** Drift that an apply of the actor drift was tried for. */
  readonly mending?: Sightings;
  /** How often the schedule that was made looks for drift; absent: there is none. */
  readonly driftEveryMs?: number | undefined;
  /** How often the schedule that was made takes a snapshot of etcd; absent: there is none. */
  readonly snapshotsEveryMs?: number | undefined;
}

/** What is wanted, by whom and since when. */
export interface Desired {
  readonly spec: ClusterSpec;
  readonly digest: string;
  readonly by: string;
  readonly at: string;
  /** How many specs were applied so far, this one included: Kubernetes' `metadata.generation`. */
  readonly generation?: number;
  /** The Clusterfile that was applied last, packed and sealed as a whole by the client; later changes by flags are not in it. */
  readonly file?: string;
}

/** A request that was accepted, and the operation it was told. */
export interface Answered {
  readonly requestId: string;
  readonly n: number;
  readonly operation: string;
  /** It joined an operation that somebody else had begun. */
  readonly attached?: boolean;
}

/** What operations hand on: small facts by host, and the conditions. */
export interface ClusterRecord {
  readonly phase?: Phase;
  readonly conditions: readonly Condition[];
  /** Keys seen at first contact, by host id. */
  readonly hostKeys: Readonly<Record<string, string>>;
  readonly images: readonly {
    readonly ref: string; readonly digest: string; readonly kind: string; readonly version?: string;
    /** When an operation with it ended well for the first time. */
    readonly since?: string;
  }[];
  /** What went wrong last, by host id. */
  readonly hosts?: Readonly<Record<string, HostRecord>>;
  readonly leader?: string;
  /** True from the first success on: later operations are reconciliations. */
  readonly created: boolean;
  /**
   * Every host that an operation of this cluster may have changed and that was not reset since, by id: with how to reach
   * it, because a host that leaves stands in no spec any more.
   */
  readonly members?: Readonly<Record<string, Member>>;
  /** Digests of application images whose commands have run: a leader that takes over need not run them again. */
  readonly installed?: readonly string[];
  /** machine-id of each member, by host id: another machine at the same address is not that host. */
  readonly machineIds?: Readonly<Record<string, string>>;
  /** What the hosts' files were made from when an operation last ended well: the next plan says by it what has changed. */
  readonly madeFrom?: MadeFrom;
  /** What of its configuration cannot be changed any more, as the running cluster last said. */
  readonly fixed?: FixedSettings;
}

/** A host that this cluster has changed, and how to reach it. */
export interface Member {
  readonly host: Host;
  /** Absent as long as the spec has the host: its credential is there. */
  readonly access?: Credential;
}

export interface Running {
  readonly kind: OperationKind;
  readonly operation: string;
  readonly digest: string;
  readonly by: string;
  readonly at: string;
  readonly waiting?: Waiting;
  /** Hosts that have joined, as the operation last said. */
  readonly joined?: readonly string[];
  /** Hash of its plan, once somebody has asked for it. */
  readonly planHash?: string;
  /** It has waited before, and tries again now. */
  readonly waited?: boolean;
  /** Somebody has cancelled it, and it takes back what it had begun: whom and why, in words. */
  readonly ends?: string;
}

export type OperationKind = 'init' | 'reconcile' | 'reset' | 'task';
export interface Request {
  readonly kind: OperationKind;
  readonly requestId: string;
  readonly by: string;
  readonly at: string;
  readonly force?: boolean;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** With kind task: which one. */
  readonly task?: Task;
  /** Hosts that may be forgotten: they cannot be reached and never will be. */
  readonly forget?: readonly string[];
  /** Only this very plan may run. */
  readonly planHash?: string;
  /** A cluster that is lost is made anew. */
  readonly anew?: Anew;
}

export interface LogLine {
  readonly operation: string;
  readonly by: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: 'Success' | 'Failed' | 'Cancelled';
  readonly message: string;
}

/** What `status` shows of a cluster. */
export interface EntityView {
  readonly name: string;
  readonly uid: string;
  readonly hosts: readonly { readonly id: string; readonly roles: readonly string[]; readonly error?: HostRecord['error'] }[];
  /** Hosts that the spec has no more and that have not left yet; absent where there are none. */
  readonly leaving?: readonly Pick<Host, 'id' | 'address' | 'roles'>[];
  readonly images: ClusterRecord['images'];
  readonly phase?: Phase;
  readonly conditions: readonly Condition[];
  readonly leader?: string;
  /** Keys seen at first contact, by host id: a dry run and a direct call trust no others. */
  readonly hostKeys: ClusterRecord['hostKeys'];
  /** True from the first success on. */
  readonly created: boolean;
  readonly running?: Running;
  readonly log: readonly LogLine[];
  readonly paused?: Paused;
  readonly acts: readonly Act[];
  readonly digest?: string;
  /** How many specs were applied so far. */
  readonly generation?: number;
  /** Who applied the spec that is wanted now, and when. */
  readonly appliedBy?: string;
  readonly appliedAt?: string;
}

/** How an operation ended, as its parent reads it. */
export interface OperationResult {
  readonly outcome: LogLine['outcome'];
  readonly message: string;
  readonly record: ClusterRecord;
  readonly status?: OperationStatus;
  /** What is wanted from now on, where a task has made it so already: the next apply of it has nothing to do. */
  readonly desired?: ClusterSpec;
  /** It has refused its own plan, and nothing was done. */
  readonly refused?: Refusal;
  /** What a task gives, small and without secrets. */
  readonly output?: unknown;
}

export const newEntity = (name: string): EntityState => ({
  v: 1, name, uid: '', current: { conditions: [], hostKeys: {}, images: [], created: false }, n: 0, recent: [], log: [], retired: false,
});

/** From any older shape to the newest. An operation that was running when the run ended has an unknown fate. */
export function migrate(input: unknown, uid: () => string): EntityState {
  const state = input as EntityState;
  if (state.v !== 1) throw new ClusterError('InvalidSpec', `state of version ${String(state.v)}: this Keelson is older than the state; use a newer one`);
  const { running, former: _former, ...rest } = state;
  return { ...(running ? rest : state), uid: state.uid === '' ? uid() : state.uid };
}

/** Who works on the cluster and since when, in words. */
export const busy = (state: EntityState): string =>
  state.retired ? 'it is being forgotten just now; ask again' : state.running
    ? `${state.running.operation} of ${state.running.by} ${state.running.ends ? `was ${state.running.ends} and takes back what it had begun; it began` : 'runs since'} ${state.running.at}` +
      (state.running.waiting ? ` and waits: ${state.running.waiting.message}` : '')
    : `an operation of ${state.next?.by ?? 'somebody'} is about to start`;

/** Why a request is refused; undefined when it is not. Synchronous and pure: an Update's validator. */
export function refuseApply(state: EntityState, request: { requestId: string; by: string; spec: ClusterSpec; digest: string; base?: string; planHash?: string }): ClusterError | undefined {
  if (state.recent.some(({ requestId }) => requestId === request.requestId)) return undefined;
  const unnamed = nobody(request);
  if (unnamed) return unnamed;
  if (digestOf(request.spec) !== request.digest) return new ClusterError('InvalidSpec', 'the spec does not match its digest: it was damaged on the way');
  if (request.spec.name !== state.name) return new ClusterError('InvalidSpec', `the spec is of cluster ${request.spec.name}, this is ${state.name}`);
  if (state.running || state.next || state.retired) {
    const goes = state.retired || state.running?.kind === 'reset' || state.next?.kind === 'reset';
    const same = !goes && state.running?.ends === undefined && state.desired?.digest === request.digest;
    // A task has no plan that could be the one that is asked for.
    const another = request.planHash !== undefined && (state.running ?? state.next)?.kind === 'task';
    return same && !another ? undefined : new ClusterError('ClusterBusy', `cluster ${state.name} is busy: ${busy(state)}`);
  }
  if (request.base !== undefined && request.base !== (state.desired?.digest ?? '')) {
    return new ClusterError('ClusterBusy', `the cluster was changed meanwhile by ${state.desired?.by ?? 'somebody'}: read it again`);
  }
  if (request.planHash?.trim() === '') return new ClusterError('InvalidSpec', noHash);
  const wrong = specProblems(request.spec).filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) return new ClusterError('InvalidSpec', formatProblems(wrong));
  return refuseChange(state, request.spec);
}

/** What can be seen to be wrong without a look at the hosts: hosts that change their role. */
function refuseChange(state: EntityState, spec: ClusterSpec): ClusterError | undefined {
  if (!state.desired || !state.current.created) return undefined;
  const before = new Map(state.desired.spec.hosts.map((host) => [host.id, isControlPlane(host)]));
  const turned = spec.hosts.filter((host) => before.get(host.id) === !isControlPlane(host)).map(({ id }) => id);
  if (turned.length === 0) return undefined;
  return new ClusterError('UnsafePlan', `a host of a running cluster keeps its role: ${turned.join(', ')} would change between control plane and worker`, {
    todo: 'delete it from the cluster first, then add it in its new role',
  });
}

/** New logins for the hosts of a cluster, to reset it with. */
export interface Amended {
  readonly spec: ClusterSpec;
  /** Digest of the spec that was amended. */
  readonly base: string;
}

export function refuseReset(state: EntityState, request: { requestId: string; by: string; confirm: string; amended?: Amended }): ClusterError | undefined {
  if (state.recent.some(({ requestId }) => requestId === request.requestId)) return undefined;
  const unnamed = nobody(request);
  if (unnamed) return unnamed;
  if (state.retired) return new ClusterError('ClusterBusy', `cluster ${state.name} is busy: ${busy(state)}`);
  if (!state.desired) return new ClusterError('InvalidSpec', `there is no cluster ${state.name}`);
  if (request.confirm !== state.name) return new ClusterError('InvalidSpec', `to reset it, confirm with the cluster's name: ${state.name}`);
  const waits = state.running?.waiting !== undefined && state.running.kind !== 'reset';
  if ((state.running && !waits) || state.next) return new ClusterError('ClusterBusy', `cluster ${state.name} is busy: ${busy(state)}`);
  return request.amended && refuseAmended(state.desired, request.amended);
}

function refuseAmended(desired: Desired, { spec, base }: Amended): ClusterError | undefined {
  if (base !== desired.digest) return new ClusterError('ClusterBusy', `the cluster was changed meanwhile by ${desired.by}: read it again`);
  if (digestOf(spec) === desired.digest) return undefined;
  const members = desired.spec.hosts.map(({ id }) => id);
  const wrong = [...amendProblems(desired.spec, spec, { parked: false, members }), ...specProblems(spec).filter(({ severity }) => severity === 'error')];
  return wrong.length > 0 ? new ClusterError('InvalidSpec', formatProblems(wrong)) : undefined;
}

/** A task runs alone, on a cluster that is there. */
export function refuseTask(state: EntityState, { requestId, by, task }: TaskRequest): ClusterError | undefined {
  if (state.recent.some((one) => one.requestId === requestId)) return undefined;
  const unnamed = nobody({ by });
  if (unnamed) return unnamed;
  if (!isTaskKind(task.kind)) return new ClusterError('InvalidSpec', `there is no task ${JSON.stringify(task.kind)}: there are ${taskKinds.join(', ')}`);
  if (!state.desired) return new ClusterError('InvalidSpec', `there is no cluster ${state.name}`);
  if (state.running || state.next || state.retired) return new ClusterError('ClusterBusy', `cluster ${state.name} is busy: ${busy(state)}`);
  return undefined;
}

export interface TaskRequest {
  readonly requestId: string;
  readonly by: string;
  readonly task: Task;
}

export const admitTask = (state: EntityState, { requestId, by, task }: TaskRequest, at: string): EntityState =>
  state.recent.some((one) => one.requestId === requestId) ? state : remember(state, { kind: 'task', requestId, by, at, task });

/** The amended spec is what is wanted from now on: by the operation that waits, or by a new one on a cluster that rests. */
export function admitAmend(state: EntityState, { requestId, by, spec }: AmendRequest, at: string): EntityState {
  if (state.recent.some((one) => one.requestId === requestId)) return state;
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

/** Hosts that a new spec leaves out take the credential of the former one with them: they have to be reached once more. */
export function withAccess(record: ClusterRecord, before: ClusterSpec | undefined, after: ClusterSpec): ClusterRecord {
  if (!before || !record.members) return record;
  const stays = new Set(after.hosts.map(({ id }) => id));
  const members = Object.entries(record.members).map(([id, member]): [string, Member] => {
    const access = before.credentials[member.host.credential];
    return stays.has(id) || member.access || !access ? [id, member] : [id, { ...member, access }];
  });
  return { ...record, members: Object.fromEntries(members) };
}

interface ApplyWords {
  readonly requestId: string;
  readonly by: string;
  readonly spec: ClusterSpec;
  readonly digest: string;
  readonly file?: string;
  readonly approved?: boolean;
  readonly forget?: readonly string[];
  readonly planHash?: string;
  readonly anew?: Anew;
}

/** Accepts a spec: either the one that runs already (attach), or the next operation. */
export function admitApply(state: EntityState, request: ApplyWords, at: string): EntityState {
  if (state.recent.some(({ requestId }) => requestId === request.requestId)) return state;
  if (state.running || state.next) return answered(state, { requestId: request.requestId, ...joined(state), attached: true });
  const kind = state.current.created && !request.anew ? 'reconcile' : 'init';
  const current = withAccess(state.current, state.desired?.spec, request.spec);
  return remember({ ...state, former: formerOf(state), current, desired: desiredBy(state.desired, request, at) }, {
    kind, requestId: request.requestId, by: request.by, at, ...(request.approved ? { approved: true } : {}),
    ...(request.forget ? { forget: request.forget } : {}), ...(request.planHash ? { planHash: request.planHash } : {}),
    ...(request.anew ? { anew: request.anew } : {}),
  });
}

function desiredBy(before: Desired | undefined, { spec, digest, by, file = before?.file }: { spec: ClusterSpec; digest: string; by: string; file?: string }, at: string): Desired {
  const known = before?.generation ?? (before ? 1 : 0);
  const generation = before?.digest === digest ? known : known + 1;
  return { spec, digest, by, at, generation, ...(file === undefined ? {} : { file }) };
}

/** Accepts a reset; a parked operation makes way for it. Logins that come with it are the cluster's from now on. */
export function admitReset(state: EntityState, request: { requestId: string; by: string; force: boolean; amended?: Amended }, at: string): EntityState {
  if (state.recent.some(({ requestId }) => requestId === request.requestId)) return state;
  const { requestId, by, force, amended } = request;
  return remember(amended ? withAmended(state, amended.spec, { by, at }) : state, { kind: 'reset', requestId, by, at, force });
}

function remember(state: EntityState, next: Request, what: Act['what'] = next.kind === 'task' || next.kind === 'reset' ? next.kind : 'apply'): EntityState {
  const n = state.n + 1;
  const operation = nameOf(next, n);
  return noted(answered({ ...state, next }, { requestId: next.requestId, n, operation }), { at: next.at, by: next.by, what, operation });
}

/** e.g. `init-1`; a task bears the name of its kind. */
const nameOf = ({ kind, task }: Request, n: number): string => `${task?.kind ?? kind}-${n}`;

const answered = (state: EntityState, answer: Answered): EntityState => ({ ...state, recent: [...state.recent, answer].slice(-20) });

/** The operation that runs, or that is about to. */
const joined = ({ n, running, next }: EntityState): { n: number; operation: string } =>
  running ? { n, operation: running.operation } : { n: n + 1, operation: next ? nameOf(next, n + 1) : `init-${n + 1}` };

/** The name of the operation that runs, or that is about to; undefined when there is none. */
export const openOperation = (state: EntityState): string | undefined => (state.running || state.next ? joined(state).operation : undefined);

/** The answer to a request that was admitted, now or before. */
export function answerFor(state: EntityState, requestId: string): { operation: string; workflowId: string; attached: boolean } {
  const known = state.recent.find((one) => one.requestId === requestId);
  const operation = known?.operation ?? joined(state).operation;
  return { operation, workflowId: `cluster/${state.name}/${operation}`, attached: known?.attached ?? known === undefined };
}

/** The waiting request becomes the running operation. */
export function begin(state: EntityState, now: string): EntityState & { running: Running } {
  const { next, ...rest } = state;
  if (!next) throw new ClusterError('InvalidSpec', 'nothing to begin');
  const n = state.n + 1;
  return { ...rest, n, running: { kind: next.kind, operation: nameOf(next, n), digest: state.desired?.digest ?? '', by: next.by, at: now } };
}

/** The operation has ended: its record becomes the current state, its line goes to the log. */
export function finish(state: EntityState, result: OperationResult, now: string): EntityState {
  const { running, former, ...rest } = result.desired ? withDesired(state, result.desired, { by: state.running?.by ?? '', at: now }) : state;
  if (!running) return state;
  const line: LogLine = { operation: running.operation, by: running.by, startedAt: running.at, endedAt: now, outcome: result.outcome, message: result.message.slice(0, 500) };
  const conditions = observed(result.record.conditions, state.current.conditions, state.desired?.generation ?? 1);
  const current = { ...result.record, conditions };
  const ended: EntityState = {
    ...rest,
    current: result.refused === 'PreflightFailed' ? asItWas(current, state.current) : current,
    log: [...state.log, line].slice(-50),
  };
  return result.refused && former ? takenBack(ended, former, result, { by: running.by, operation: running.operation, at: now }) : ended;
}

/** Which applied spec a condition speaks of: those that the operation has set speak of the one it worked on. */
const observed = (after: readonly Condition[], before: readonly Condition[], generation: number): Condition[] =>
  after.map((one) => (before.includes(one) || before.some((old) => sameCondition(old, one) && old.type !== 'Ready') ? one : { ...one, observedGeneration: generation }));
const sameCondition = (a: Condition, b: Condition): boolean =>
  a.type === b.type && a.status === b.status && a.reason === b.reason && a.message === b.message && a.lastTransitionTime === b.lastTransitionTime;

function leavingIn({ desired, current }: EntityState): Pick<EntityView, 'leaving'> {
  const leaving = desired ? leavingOf(desired.spec, current).map(({ host: { id, address, roles } }) => ({ id, address, roles })) : [];
  return leaving.length > 0 ? { leaving } : {};
}

export const viewOf = (state: EntityState): EntityView => ({
  name: state.name,
  uid: state.uid,
  hosts: (state.desired?.spec.hosts ?? []).map(({ id, roles }) => {
    const error = state.current.hosts?.[id]?.error;
    return { id, roles, ...(error ? { error } : {}) };
  }),
  images: state.current.images,
  conditions: state.current.conditions,
  hostKeys: state.current.hostKeys,
  created: state.current.created,
  log: state.log,
  acts: state.acts ?? [],
  ...leavingIn(state),
  ...(state.paused ? { paused: state.paused } : {}),
  ...(state.current.phase ? { phase: state.current.phase } : {}),
  ...(state.current.leader ? { leader: state.current.leader } : {}),
  ...(state.running ? { running: state.running } : {}),
  ...(state.desired ? { digest: state.desired.digest, appliedBy: state.desired.by, appliedAt: state.desired.at, generation: state.desired.generation ?? 1 } : {}),
});
