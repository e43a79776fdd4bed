import type { ClusterSpec, Credential, Host } from './cluster';
import { generationOf, withMade } from './desired';
import type { Sightings } from './drift/budget';
import { digestOf } from './digest';
import { ClusterError } from './errors';
import { type ForOnce, lasting } from './for-once';
import type { Act, Paused } from './hands';
import type { HostRecord } from './host-record';
import type { FixedSettings } from './kubeadm/fixed';
import type { Anew } from './lost';
import type { MadeFrom } from './made-from';
import { leavingOf } from './membership';
import type { Condition, OperationStatus, Phase, Waiting } from './status';
import { asBefore, asItWas, type Former, type Refusal, takenBack } from './taken-back';
import { type Task, type TaskKind, taskKinds } from './tasks';

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
    /** The application it is to take the place of, by reference; until its commands have run. */
    readonly inPlaceOf?: string;
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
  /** It runs the commands of images again although they ran: whoever asks for that does not join one that does not. */
  readonly force?: boolean;
  /** It has waited before, and tries again now. */
  readonly waited?: boolean;
  /** Somebody has cancelled it, and it takes back what it had begun: whom and why, in words. */
  readonly ends?: string;
}

export type OperationKind = 'init' | 'reconcile' | 'reset' | 'task';
export interface Request extends ForOnce {
  readonly kind: OperationKind;
  readonly requestId: string;
  readonly by: string;
  readonly at: string;
  /** Of a reset: hosts that cannot be reached are forgotten. Of an apply: as its spec says. */
  readonly force?: boolean;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** A person has read the plan of `planHash` and said yes to it: to no other one that comes after it. */
  readonly agreed?: boolean;
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
  /** Its plan had no leave, and nothing was done: a person has ended it instead, or nobody waits for one. */
  readonly declined?: boolean;
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
  return withLasting({ ...(running ? rest : state), uid: state.uid === '' ? uid() : state.uid });
}

/** What was said for one operation stood in what is wanted, in states from before. */
function withLasting(state: EntityState): EntityState {
  if (!state.desired) return state;
  const spec = lasting(state.desired.spec);
  return spec === state.desired.spec ? state : { ...state, desired: { ...state.desired, spec, digest: digestOf(spec) } };
}

/** e.g. `init-1`; a task bears the name of its kind. */
export const operationName = ({ kind, task }: Pick<Request, 'kind' | 'task'>, n: number): string => `${task?.kind ?? kind}-${n}`;

/** Whether it is a name of operationName, and no other one under which logs and journals are kept: a look, a copy, the drift check. */
export const isOperationName = (name: string): boolean =>
  (['init', 'reconcile', 'reset', ...taskKinds] satisfies (OperationKind | TaskKind)[]).some((kind) => name.startsWith(`${kind}-`) && /^\d+$/.test(name.slice(kind.length + 1)));

/** The waiting request becomes the running operation. */
export function begin(state: EntityState, now: string): EntityState & { running: Running } {
  const { next, ...rest } = state;
  if (!next) throw new ClusterError('InvalidSpec', 'nothing to begin');
  const n = state.n + 1;
  return { ...rest, n, running: { kind: next.kind, operation: operationName(next, n), digest: state.desired?.digest ?? '', by: next.by, at: now, ...(next.force && next.kind !== 'reset' ? { force: true } : {}) } };
}

/** The operation has ended: its record becomes the current state, its line goes to the log. */
export function finish(state: EntityState, result: OperationResult, now: string): EntityState {
  const { running, former, ...rest } = result.desired ? withMade(state, result.desired, { by: state.running?.by ?? '', at: now }) : state;
  if (!running) return state;
  const line: LogLine = { operation: running.operation, by: running.by, startedAt: running.at, endedAt: now, outcome: result.outcome, message: result.message.slice(0, 500) };
  const conditions = observed(result.record.conditions, state.current.conditions, generationOf(state.desired));
  const current = { ...result.record, conditions };
  const ended: EntityState = {
    ...rest,
    current: result.refused === 'PreflightFailed' ? asItWas(current, state.current) : current,
    log: [...state.log, line].slice(-50),
  };
  if (result.declined && former) return asBefore(ended, former);
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

/** The view of a state: small, and without what only the entity itself needs. */
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
  ...(state.desired ? { digest: state.desired.digest, appliedBy: state.desired.by, appliedAt: state.desired.at, generation: generationOf(state.desired) } : {}),
});
