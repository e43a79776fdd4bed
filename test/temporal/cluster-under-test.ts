import { randomUUID } from 'node:crypto';
import { type Client, isGrpcServiceError, ScheduleNotFoundError, ServiceError, WithStartWorkflowOperation, WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isDropped } from '../../client/errors';
import type { ClusterSpec } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { type EntityState, type EntityView, newEntity, type OperationResult } from '../../domain/entity';
import type { Anew } from '../../domain/lost';
import type { Plan } from '../../domain/plan';
import type { ScheduleKind } from '../../domain/schedule';
import type { OperationStatus } from '../../domain/status';
import { type Accepted, applyUpdate, cancelUpdate, entityId, entityQuery, forgetUpdate, recordQuery, resetUpdate, retryUpdate, statusQuery } from '../../workflows/messages';

/** How an operation ended, or why a request was refused. */
export interface Ended {
  readonly outcome: string;
  readonly type?: string;
  readonly message: string;
}

/** What goes with a spec that is applied. */
export interface Applying {
  readonly requestId?: string;
  readonly by?: string;
  readonly base?: string;
  readonly approved?: boolean;
  readonly agreed?: boolean;
  readonly forget?: readonly string[];
  readonly planHash?: string;
  readonly anew?: Anew;
}

/** One cluster on a real server, spoken to with the product's own messages, on a task queue of its own. */
export class ClusterUnderTest {
  readonly name: string;

  constructor(private readonly client: Client, readonly taskQueue: string) {
    this.name = `t-${randomUUID().slice(0, 8)}`;
  }

  get entity() {
    return this.client.workflow.getHandle(entityId(this.name));
  }

  /** Throws WorkflowUpdateFailedError when it is refused; `refusal` reads that. */
  apply(spec: ClusterSpec, { requestId = randomUUID(), by = 'ana@laptop', ...more }: Applying = {}): Promise<Accepted> {
    const named = { ...spec, name: this.name };
    // A busy Temporal worker may miss its first task; with its id the request counts once, however often it is made.
    return patiently(() => this.client.workflow.executeUpdateWithStart(applyUpdate, {
      args: [{ requestId, by, spec: named, digest: digestOf(named), ...more }],
      updateId: requestId,
      startWorkflowOperation: new WithStartWorkflowOperation<(state: EntityState) => Promise<EntityState>>('cluster', {
        workflowId: entityId(this.name), taskQueue: this.taskQueue, args: [newEntity(this.name)], workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    }));
  }

  reset({ requestId = randomUUID(), force = false }: { requestId?: string; force?: boolean } = {}): Promise<Accepted> {
    return patiently(() => this.entity.executeUpdate(resetUpdate, { args: [{ requestId, by: 'bo@desk', confirm: this.name, force }], updateId: requestId }));
  }

  /** `keelson reset --forget`; with `ends` `keelson forget`. */
  forget(more: { readonly ends?: boolean; readonly force?: boolean } = {}): Promise<void> {
    return this.entity.executeUpdate(forgetUpdate, { args: [{ by: 'bo@desk', confirm: this.name, ...more }] });
  }

  retry(): Promise<void> {
    const updateId = randomUUID();
    return patiently(() => this.entity.executeUpdate(retryUpdate, { args: [{ by: 'bo@desk' }], updateId }));
  }

  cancel(): Promise<void> {
    const updateId = randomUUID();
    return patiently(() => this.entity.executeUpdate(cancelUpdate, { args: [{ by: 'bo@desk', reason: 'second thoughts' }], updateId }));
  }

  view(): Promise<EntityView> {
    return patiently(() => this.entity.query(entityQuery));
  }

  operation(name: string) {
    return this.client.workflow.getHandle<() => Promise<OperationResult>>(`${entityId(this.name)}/${name}`);
  }

  status(operation: string): Promise<OperationStatus> {
    // Before its first task has ended an operation answers nothing, nor while a new run of it begins.
    return patiently(() => this.operation(operation).query(statusQuery));
  }

  /** Waits for the end of an operation and says how it was. */
  async end(operation: string): Promise<Ended> {
    await this.appears(operation);
    try {
      const { outcome, message } = await patiently(() => this.operation(operation).result());
      return { outcome, message };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      if (error.cause instanceof CancelledFailure) return { outcome: 'Cancelled', message: error.cause.message };
      if (error.cause instanceof ApplicationFailure) return { outcome: 'Failed', type: error.cause.type ?? '', message: error.cause.message };
      throw error;
    }
  }

  /** The entity answers with an operation's name a moment before that operation is there. */
  async appears(operation: string): Promise<void> {
    for (;;) {
      const there = await patiently(() => this.operation(operation).describe().then(() => true, (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }));
      if (there) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The dry run. */
  async preview(spec: ClusterSpec, more: { readonly anew?: Anew; readonly forget?: readonly string[] } = {}): Promise<Plan> {
    const [{ uid, hostKeys }, last] = await Promise.all([this.view(), patiently(() => this.entity.query(recordQuery))]);
    return this.client.workflow.execute<(input: object) => Promise<Plan>>('previewPlan', {
      workflowId: `${entityId(this.name)}/plan-${randomUUID()}`, taskQueue: this.taskQueue, args: [{ spec: { ...spec, name: this.name }, uid, hostKeys, last, ...more }],
    });
  }

  /** Applies and waits for the end. */
  async converge(spec: ClusterSpec, applying: Applying = {}): Promise<Ended & { operation: string }> {
    const { operation } = await this.apply(spec, applying);
    const ended = await this.end(operation);
    await this.idle();
    return { operation, ...ended };
  }

  /** Waits until the view of the entity is as asked. The entity hears of its operation a moment after that has ended. */
  async until(asked: (view: EntityView) => boolean): Promise<EntityView> {
    for (;;) {
      const view = await this.view();
      if (asked(view)) return view;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  schedule(kind: ScheduleKind) {
    return this.client.schedule.getHandle(`${kind}/${this.name}`);
  }

  /** Waits until the schedule is the one of this policy. */
  async scheduled(kind: ScheduleKind, everyMs: number): Promise<void> {
    for (;;) {
      const made = await this.schedule(kind).describe().catch((error: unknown) => {
        if (error instanceof ScheduleNotFoundError) return undefined;
        throw error;
      });
      if (made?.spec.intervals?.some(({ every }) => every === everyMs)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until what the operation does on hosts just now has been told that it is cancelled. */
  async hearsCancel(operation: string): Promise<void> {
    for (let asked: number | undefined; ;) {
      const { raw } = await patiently(() => this.operation(operation).describe());
      const pending = (raw.pendingActivities ?? []).filter(({ state }) => state === temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED);
      const beats = pending.map(({ lastHeartbeatTime }) => Number(lastHeartbeatTime?.seconds ?? 0) * 1000 + (lastHeartbeatTime?.nanos ?? 0) / 1e6);
      if (pending.length > 0) asked ??= Math.max(...beats);
      // It hears of it by the answer to its next sign of life.
      if (asked !== undefined && beats.every((at) => at > asked!)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Waits until this work is over: it does not run, and no further attempt of it will. */
  async hasEnded(operation: string, job: string): Promise<void> {
    for (;;) {
      const { raw } = await patiently(() => this.operation(operation).describe());
      if (!(raw.pendingActivities ?? []).some(({ activityId }) => activityId === job)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Waits until there is no such schedule. */
  async unscheduled(kind: ScheduleKind): Promise<void> {
    for (;;) {
      const made = await this.schedule(kind).describe().then(() => true, (error: unknown) => {
        if (error instanceof ScheduleNotFoundError) return false;
        throw error;
      });
      if (!made) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until nothing of it is known to be anywhere. */
  absent = async (): Promise<EntityView> => {
    await this.until(({ phase, running }) => phase === 'Absent' && running === undefined);
    return this.idle();
  };

  parked = (): Promise<EntityView> => this.until(({ running }) => running?.waiting !== undefined);

  /** Nothing runs, and the entity has gone on as the new run in which it rests. */
  async idle(): Promise<EntityView> {
    for (;;) {
      const view = await this.until(({ running }) => running === undefined);
      const { status, startTime } = await patiently(() => this.entity.describe());
      // What was refused has no line in the log, and is on record.
      const ended = [...view.log.map(({ endedAt }) => endedAt), ...view.acts.filter(({ what }) => what === 'refused').map(({ at }) => at)].sort().at(-1);
      if (ended === undefined || status.name !== 'RUNNING' || startTime.toISOString() >= ended) return view;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A server or a Temporal worker that is away, or too busy to answer in time, is asked again, for two minutes. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 120_000; ;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ServiceError || isGrpcServiceError(error) || isDropped(error)) || error instanceof WorkflowNotFoundError || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Type and words of a refused request. Throws when it was not refused. */
export async function refusal(request: Promise<unknown>): Promise<{ type: string; message: string }> {
  try {
    await request;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) return { type: error.cause.type ?? '', message: error.cause.message };
    throw error;
  }
  throw new Error('it was not refused');
}
