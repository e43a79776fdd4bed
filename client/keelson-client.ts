import { randomUUID } from 'node:crypto';
import { Client, type Connection, QueryRejectedError, WithStartWorkflowOperation, WorkflowClient, WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { withoutReplacedKeys } from '../domain/amend';
import type { ClusterSpec, Policy } from '../domain/cluster';
import { digestOf } from '../domain/digest';
import type { DriftReport } from '../domain/drift/difference';
import { type EntityState, type EntityView, newEntity } from '../domain/entity';
import { ClusterError, type ErrorType } from '../domain/errors';
import { dataConverter } from '../home/data-converter';
import { ensureKeys } from '../home/key';
import type { Anew } from '../domain/lost';
import { withAccess } from '../domain/membership';
import type { Plan } from '../domain/plan';
import type { Amended } from '../domain/requests';
import type { Task } from '../domain/tasks';
import {
  type Accepted, type AdoptAnswer, amendUpdate, applyUpdate, approveUpdate, cancelUpdate, type CopiesAnswer, desiredQuery, entityId, entityQuery, fileQuery, forgetUpdate, type HostsLook, pauseUpdate, policyUpdate, recordQuery, resetUpdate, resumeUpdate, retryUpdate, skipUpdate, taskQueue,
  taskUpdate,
} from '../workflows/messages';
import { defaultActor } from './actor';
import { connect, type ConnectOptions } from './connect';
import { fromTemporal, isSilence, silence } from './errors';
import { type HostsRun, type KnownCluster, type Selection, startCopy, startExec } from './hosts-run';
import { noSuchCluster } from './no-such-cluster';
import { OperationHandle } from './operation';
import { onceAgain } from './once-again';
import { prepareSpec, resealedFile, withRegistryPassword } from './prepare-spec';
import { runningOperations } from './running-operations';
import { takenResult } from './taken-result';
import { untilTaken } from './until-taken';

export interface ApplyOptions {
  /** Who asks; `$USER@$(hostname)` when left out. */
  readonly by?: string;
  /** The same id twice gives the first answer; a new one when left out. */
  readonly requestId?: string;
  /** Digest of the desired state that the spec was made from; a cluster that has changed meanwhile refuses. */
  readonly base?: string;
  /** The Clusterfile that the spec was made from, as `sealFile` packs it: the cluster keeps it for `keelson clusterfile`. */
  readonly file?: string;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** A person has read the plan of `planHash` and said yes to it: to no other one that comes after it. */
  readonly agreed?: boolean;
  /** Hosts that may be forgotten: they cannot be reached and never will be. */
  readonly forget?: readonly string[];
  /** Only the plan of this hash may run; another one is refused as stale. */
  readonly planHash?: string;
  /** A cluster of which no control plane is there any more is made anew; says nothing of any other. `anyKeys`: also where hosts show other keys. */
  readonly anew?: Anew;
}

/** Who says something to a cluster; `$USER@$(hostname)` when left out. */
export interface By {
  readonly by?: string;
}

export interface ResetOptions extends Omit<ApplyOptions, 'base' | 'approved' | 'agreed' | 'forget' | 'planHash' | 'anew'> {
  /** Must repeat the cluster's name. */
  readonly confirm: string;
  /** Forget hosts that cannot be reached. */
  readonly force?: boolean;
  /** The spec with other logins (as for `amend`), and the digest of the one it was made from. */
  readonly amended?: Amended;
}

/** A cluster that is to be adopted. */
export interface AdoptInput {
  readonly spec: ClusterSpec;
  readonly before?: ClusterSpec;
  /** From a copy of the state: hosts bear our claim. */
  readonly ours: boolean;
  readonly uid: string;
  readonly hostKeys: Readonly<Record<string, string>>;
  readonly confirm?: string;
}

/** What is known of a cluster; without a Temporal worker only what Temporal itself knows. */
export interface ClusterReport {
  readonly name: string;
  /** The entity's own view; absent when no Temporal worker answers. */
  readonly view?: EntityView;
  /** The cluster's operations that run, by workflow id. */
  readonly running: readonly string[];
}

/** A request is answered by the entity at once; what takes longer has nobody to answer it. */
const answerWithinMs = 30_000;
/** Whoever asks for one very plan waits until the operation that runs has looked at its hosts. */
const planWithinMs = 90_000;
const queryWithinMs = 5_000;
const lookWithinMs = 20_000;
const lookAtOneMs = 100;

/**
 * Keelson for programs: apply a spec to a cluster, follow its operations, read its state. Refusals are ClusterError with
 * a type; a server or Temporal worker that does not answer is TemporalUnavailable.
 */
export class KeelsonClient {
  /** Asks open entities only: the closed one of a cluster that was forgotten would still answer. */
  private readonly entities: WorkflowClient;

  private constructor(private readonly client: Client, private readonly connection: Connection, private readonly address: string, readonly ui: string | undefined) {
    const { namespace } = client.options;
    this.entities = new WorkflowClient({ connection, namespace, dataConverter: dataConverter(ensureKeys), queryRejectCondition: 'NOT_OPEN' });
  }

  /** Connects to the Temporal server that options or environment name, or else to the embedded one, starting it if need be. */
  static async connect(options: ConnectOptions = {}): Promise<KeelsonClient> {
    const { connection, namespace, address, ui } = await connect(options);
    return new KeelsonClient(new Client({ connection, namespace, dataConverter: dataConverter(ensureKeys) }), connection, address, ui);
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /**
   * Asks the cluster to become what the spec says; starts its entity if there is none. The answer names the operation:
   * a new one, or the one that runs on the very same spec already (`attached`), which tries again if it waits.
   */
  async apply(wanted: ClusterSpec, options: ApplyOptions = {}): Promise<Accepted> {
    const [saved, file] = await Promise.all([this.desired(wanted.name), options.file === undefined ? this.file(wanted.name) : undefined]);
    // A file that a former key has sealed is handed in again, under the current one.
    const anew = file === undefined ? undefined : resealedFile(file, wanted.name);
    try {
      return await this.applyPrepared(prepareSpec(wanted, saved), { ...options, ...(anew === undefined || anew === file ? {} : { file: anew }) });
    } catch (error) {
      if (saved || !(error instanceof ClusterError) || error.type !== 'ClusterBusy') throw error;
      // Somebody has made the cluster just now: of two who ask for the same, the second takes the first one's registry password.
      return this.applyPrepared(prepareSpec(wanted, await this.desired(wanted.name)), options);
    }
  }

  private async applyPrepared(spec: ClusterSpec, { by = defaultActor(), requestId = randomUUID(), base, file, approved, agreed, forget, planHash, anew }: ApplyOptions): Promise<Accepted> {
    const startWorkflowOperation = () => new WithStartWorkflowOperation<(state: EntityState) => Promise<EntityState>>('cluster', {
      workflowId: entityId(spec.name),
      taskQueue,
      args: [newEntity(spec.name)],
      staticSummary: `cluster ${spec.name}`,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    const request = { requestId, by, spec, digest: digestOf(spec), ...(base === undefined ? {} : { base }), ...(file === undefined ? {} : { file }), ...(approved ? { approved } : {}), ...(agreed ? { agreed } : {}), ...(forget ? { forget } : {}), ...(planHash === undefined ? {} : { planHash }), ...(anew ? { anew } : {}) };
    return this.asked(spec.name, planHash === undefined ? answerWithinMs : planWithinMs, () =>
      this.client.workflow.executeUpdateWithStart(applyUpdate, { args: [request], updateId: requestId, startWorkflowOperation: startWorkflowOperation() }));
  }

  /** Asks for bare hosts. Throws ClusterError when there is no such cluster, the confirmation is wrong, or it is busy. */
  async reset(cluster: string, { by = defaultActor(), requestId = randomUUID(), confirm, force = false, amended }: ResetOptions): Promise<Accepted> {
    const request = { requestId, by, confirm, force, ...(amended ? { amended } : {}) };
    return this.tell(cluster, resetUpdate, request, requestId);
  }

  /**
   * Forgets the cluster's hosts, their keys and what they had, and touches none of them; with `ends` its name and record as
   * well, which members stand against unless `force`. Throws ClusterError when there is no such cluster, the confirmation is
   * wrong, hosts are members, or an operation works or waits.
   */
  async forget(cluster: string, { by = defaultActor(), confirm, ends = false, force = false }: By & { confirm: string; ends?: boolean; force?: boolean }): Promise<void> {
    await this.tell(cluster, forgetUpdate, { by, confirm, ends, force });
  }

  /** Starts a task as an operation of its own. Throws ClusterError while another operation runs. */
  async task(cluster: string, task: Task, { by = defaultActor(), requestId = randomUUID() }: By & { requestId?: string } = {}): Promise<Accepted> {
    return this.tell(cluster, taskUpdate, { requestId, by, task }, requestId);
  }

  /** Tells a parked operation to try again: all that has failed, or one host's part. */
  async retry(cluster: string, { by = defaultActor(), host }: By & { host?: string } = {}): Promise<void> {
    await this.tell(cluster, retryUpdate, { by, ...(host ? { host } : {}) });
  }

  /** Leaves out what has failed on a host, or of an image, where nothing else depends on it. Gives the ids of the jobs. */
  async skip(cluster: string, { by = defaultActor(), host, image }: By & { host?: string; image?: string }): Promise<readonly string[]> {
    return this.tell(cluster, skipUpdate, { by, ...(host ? { host } : {}), ...(image ? { image } : {}) });
  }

  /** Approves the plan that waits. Throws ClusterError when another plan waits, or none. */
  async approve(cluster: string, { by = defaultActor(), planHash }: By & { planHash: string }): Promise<void> {
    await this.tell(cluster, approveUpdate, { by, planHash });
  }

  /** Holds the cluster still: what runs goes on to its end, and nothing is begun until somebody says resume. */
  async pause(cluster: string, { by = defaultActor(), reason }: By & { reason?: string } = {}): Promise<void> {
    await this.tell(cluster, pauseUpdate, { by, ...(reason ? { reason } : {}) });
  }

  async resume(cluster: string, { by = defaultActor() }: By = {}): Promise<void> {
    await this.tell(cluster, resumeUpdate, { by });
  }

  /**
   * Corrects how hosts are reached, where a host is, or by which name an image is found: for the operation that waits,
   * which goes on with it, or for a cluster that rests, which is looked at with it. `base`: digest of what it was made from.
   */
  async amend(spec: ClusterSpec, { by = defaultActor(), requestId = randomUUID(), base }: By & { requestId?: string; base: string }): Promise<Accepted> {
    const request = { requestId, by, spec, digest: digestOf(spec), base };
    return this.tell(spec.name, amendUpdate, request, requestId);
  }

  /** Changes the policy, for the operation that runs as well. */
  async setPolicy(cluster: string, policy: Policy, { by = defaultActor(), base }: By & { base: string }): Promise<void> {
    await this.tell(cluster, policyUpdate, { by, policy, base });
  }

  /** Ends the operation that runs. What has joined stays; what was begun on other hosts is taken back. */
  async cancel(cluster: string, { by = defaultActor(), reason = '' }: By & { reason?: string } = {}): Promise<void> {
    await this.tell(cluster, cancelUpdate, { by, reason });
  }

  /** The cluster as it is known now; undefined when there is none. */
  async status(cluster: string): Promise<ClusterReport | undefined> {
    const view = this.view(cluster).then((one) => one ?? 'none' as const, (error: unknown) => {
      if (isSilence(error)) return undefined;
      throw fromTemporal(error, { cluster, address: this.address });
    });
    const [seen, running] = await Promise.all([view, this.asked(cluster, queryWithinMs, () => runningOperations(this.client, cluster))]);
    if (seen === 'none') return undefined;
    return { name: cluster, running, ...(seen ? { view: seen } : {}) };
  }

  /** The spec as it was applied last, secrets sealed; undefined when there is no cluster. */
  async desired(cluster: string): Promise<ClusterSpec | undefined> {
    return this.known(cluster, () => this.entity(cluster).query(desiredQuery));
  }

  /** The Clusterfile that was applied last, sealed as a whole (`openFile`); undefined when the cluster came from flags. */
  async file(cluster: string): Promise<string | undefined> {
    return this.known(cluster, () => this.entity(cluster).query(fileQuery));
  }

  /** The names of all clusters, sorted. */
  async list(): Promise<string[]> {
    const names = new Set<string>();
    // Ended entities are clusters that were forgotten; entities that went on as new runs count once.
    const entities = this.client.workflow.list({ query: `WorkflowType = 'cluster' AND ExecutionStatus = 'Running'` });
    await this.asked('', queryWithinMs, async () => {
      for await (const { workflowId } of entities) names.add(workflowId.slice(entityId('').length));
    });
    return [...names].sort();
  }

  /** The dry run: what apply would do, from a look at the hosts, and nothing done. `amends`: what an amendment would. */
  async plan(wanted: ClusterSpec, { forget = [], amends = false, anew }: Pick<ApplyOptions, 'forget' | 'anew'> & { readonly amends?: boolean } = {}): Promise<Plan> {
    const [known, saved, record] = await Promise.all([
      this.known(wanted.name, () => this.entity(wanted.name).query(entityQuery)), this.desired(wanted.name),
      this.known(wanted.name, () => this.entity(wanted.name).query(recordQuery)),
    ]);
    // Nothing is made for a look: a new cluster's password is no part of its plan.
    const spec = saved ? withRegistryPassword(wanted, saved) : wanted;
    const last = record && withAccess(record, saved, spec);
    const recorded = known?.hostKeys ?? {};
    const input = { spec, hostKeys: amends ? withoutReplacedKeys(recorded, saved, spec) : recorded, forget, ...(anew ? { anew } : {}), ...(known ? { uid: known.uid } : {}), ...(last ? { last } : {}) };
    return this.execute('previewPlan', `${entityId(spec.name)}/plan-${randomUUID()}`, input, `dry run for cluster ${spec.name}`);
  }

  /**
   * Looks at all hosts of the cluster now, ninety side by side, and changes nothing: a dead one takes eight seconds.
   * Undefined when there is no such cluster, or no Temporal worker looks.
   */
  async look(cluster: string): Promise<HostsLook | undefined> {
    const [spec, view] = await Promise.all([this.desired(cluster), this.known(cluster, () => this.entity(cluster).query(entityQuery))]);
    if (!spec || !view) return undefined;
    const input = { spec, uid: view.uid, hostKeys: view.hostKeys };
    // Many hosts take turns.
    const withinMs = lookWithinMs + spec.hosts.length * lookAtOneMs;
    const look = this.client.workflow.execute<(one: typeof input) => Promise<HostsLook>>('lookAtHosts', {
      workflowId: `${entityId(cluster)}/look-${randomUUID()}`, taskQueue, args: [input], staticSummary: `a look at the hosts of cluster ${cluster}`,
      workflowExecutionTimeout: withinMs + 10_000,
    });
    return this.client.withDeadline(Date.now() + withinMs, () => look).catch((error: unknown) => {
      if (isSilence(error) || error instanceof WorkflowFailedError) return undefined;
      throw error;
    });
  }

  /** Looks now for what differs from what was applied, and changes nothing (unless the policy says that drift is mended). */
  drift(cluster: string): Promise<DriftReport> {
    return this.once('driftCheck', `${entityId(cluster)}/drift-${randomUUID()}`, { cluster }, `what differs in cluster ${cluster}`);
  }

  /** The copies of a cluster's state on these control planes. Changes nothing. */
  readCopies(spec: ClusterSpec): Promise<CopiesAnswer> {
    return this.once('readCopies', `adopt/${randomUUID()}`, { spec }, 'copies of the state on control planes');
  }

  /** Looks at a cluster that is to be adopted; with `confirm` writes claim and marks, if that is still what would be written. */
  async lookAtAdoption(input: AdoptInput): Promise<AdoptAnswer> {
    return this.once('adoptCluster', `${entityId(input.spec.name)}/adopt-${randomUUID()}`, input, `adoption of cluster ${input.spec.name}`);
  }

  /** Starts the entity of an adopted cluster. Throws ClusterBusy when there is one of its name. */
  async adopt(state: EntityState): Promise<void> {
    try {
      await this.client.workflow.start<(one: EntityState) => Promise<EntityState>>('cluster', {
        workflowId: entityId(state.name), taskQueue, args: [state], staticSummary: `cluster ${state.name}`,
        workflowIdConflictPolicy: 'FAIL', workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new ClusterError('ClusterBusy', `cluster ${state.name} is looked after here already`, { todo: `\`keelson status ${state.name}\` shows it; one that is Absent is ended with \`keelson forget ${state.name}\`` }, { cause: error });
    }
  }

  /** A small workflow, run to its end; a failure of an activity in it is told as the activity told it. */
  private async once<I, O>(type: string, workflowId: string, input: I, staticSummary: string): Promise<O> {
    try {
      return await this.execute(type, workflowId, input, staticSummary);
    } catch (error) {
      let cause: unknown = error;
      while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause) cause = cause.cause;
      if (!(error instanceof WorkflowFailedError) || !(cause instanceof ApplicationFailure)) throw error;
      throw new ClusterError((cause.type ?? 'StageFailed') as ErrorType, cause.message, {}, { cause: error });
    }
  }

  /** A small workflow, for somebody who waits. Throws TemporalUnavailable where no Temporal worker takes it. */
  private async execute<I, O>(type: string, workflowId: string, input: I, staticSummary: string): Promise<O> {
    return takenResult(await this.client.workflow.start<(one: I) => Promise<O>>(type, { workflowId, taskQueue, args: [input] as never, staticSummary }), this.address);
  }

  /** An operation: the one that an answer names, or any by its workflow id, e.g. `cluster/prod/init-1`. */
  operation(which: Accepted | string): OperationHandle {
    return typeof which === 'string' ? new OperationHandle(this.client, which) : new OperationHandle(this.client, which.workflowId, true);
  }

  /**
   * Runs a command on hosts of a cluster, as root, beside whatever else runs. It runs once: a host whose link breaks is
   * reported and not asked again. What it prints goes to the log store of the Temporal worker.
   */
  async exec(cluster: string, command: string, { timeoutMs = 24 * 3_600_000, ...selection }: Selection & { timeoutMs?: number } = {}): Promise<HostsRun> {
    return startExec({ client: this.client, address: this.address }, await this.knownCluster(cluster), command, { ...selection, timeoutMs });
  }

  /** Copies a file or the content of a folder to hosts of a cluster. `source` is an absolute path on the Temporal worker's machine. */
  async copy(cluster: string, paths: { source: string; destination: string }, selection: Selection = {}): Promise<HostsRun> {
    return startCopy({ client: this.client, address: this.address }, await this.knownCluster(cluster), paths, selection);
  }

  private async knownCluster(cluster: string): Promise<KnownCluster> {
    const [spec, report] = await Promise.all([this.desired(cluster), this.status(cluster)]);
    if (!report || !spec) throw noSuchCluster(cluster);
    if (!report.view) throw silence(this.address, undefined);
    return { spec, view: report.view };
  }

  private entity(cluster: string) {
    return this.entities.getHandle(entityId(cluster));
  }

  /** Says something to the cluster's entity, which answers at once. The same id twice gives the first answer. */
  private tell<R, A>(cluster: string, update: UpdateDefinition<R, [A]>, request: A, updateId?: string): Promise<R> {
    return this.asked(cluster, answerWithinMs, () => this.entity(cluster).executeUpdate(update, { args: [request], ...(updateId === undefined ? {} : { updateId }) }));
  }

  private view(cluster: string): Promise<EntityView | undefined> {
    return this.quietly(() => this.entity(cluster).query(entityQuery));
  }

  private async known<T>(cluster: string, question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await onceAgain(() => this.quietly(question));
    } catch (error) {
      throw isSilence(error) ? silence(this.address, error) : fromTemporal(error, { cluster, address: this.address });
    }
  }

  /** A query; undefined when there is nobody of that name. */
  private async quietly<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.client.withDeadline(Date.now() + queryWithinMs, question);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) return undefined;
      throw error;
    }
  }

  private async asked<T>(cluster: string, withinMs: number, request: () => Promise<T>): Promise<T> {
    const end = Date.now() + withinMs;
    try {
      return await untilTaken(end, () => this.client.withDeadline(end, request));
    } catch (error) {
      throw fromTemporal(error, { cluster, address: this.address });
    }
  }
}
