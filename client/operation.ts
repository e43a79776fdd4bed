import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { OperationResult } from '../domain/entity';
import type { Plan } from '../domain/plan';
import type { OperationStatus } from '../domain/status';
import { planQuery, statusQuery } from '../workflows/messages';
import { isSilence } from './errors';

/** How an operation ended. */
export interface OperationEnd {
  readonly outcome: OperationResult['outcome'];
  readonly message: string;
  /** The error's type, when it failed. */
  readonly reason?: string;
}

export interface FollowOptions {
  /** Called with each status that differs from the one before. */
  readonly onStatus: (status: OperationStatus) => void;
  /** Ends the following, not the operation; follow() then gives undefined. */
  readonly signal?: AbortSignal;
  /** Says that following is over although the operation runs, e.g. when it waits for a person. */
  readonly enough?: (status: OperationStatus) => boolean;
  /** Called when nobody answers, at most every 5 s: a chance to start what has died. */
  readonly onSilence?: () => Promise<void>;
}

/** A query that takes longer has nobody to answer it. */
const answerWithinMs = 5_000;
const lookEveryMs = 1_000;
/** The entity starts its operation a moment after it has said its name. */
const appearsWithinMs = 60_000;

/** One operation of a cluster, by its workflow id. It may still run, or have ended within retention. */
export class OperationHandle {
  /** `fresh`: it was asked for just now, and an operation of that name of an earlier cluster must not be taken for it. */
  constructor(private readonly client: Client, readonly workflowId: string, private readonly fresh = false) {}

  /** The newest status. Fails when no Temporal worker answers within 5 s, or no such operation is known. */
  status(): Promise<OperationStatus> {
    return this.asked(() => this.client.workflow.getHandle(this.workflowId).query(statusQuery));
  }

  /** The plan it executes; undefined before it is made. */
  plan(): Promise<Plan | undefined> {
    return this.asked(() => this.client.workflow.getHandle(this.workflowId).query(planQuery));
  }

  /** Its history as JSON, in the form that Temporal's tools read and replay. */
  async history(): Promise<object> {
    const { historyToJSON } = await import('@temporalio/common/lib/proto-utils.js');
    const history = await this.client.workflow.getHandle(this.workflowId).fetchHistory();
    return JSON.parse(historyToJSON(history)) as object;
  }

  /** Waits for the end and says how it was. Does not throw for an operation that failed: that is a result. */
  async result(): Promise<OperationEnd> {
    try {
      const { outcome, message } = (await this.client.workflow.getHandle(this.workflowId).result()) as OperationResult;
      return { outcome, message };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const { cause } = error;
      if (cause instanceof CancelledFailure) return { outcome: 'Cancelled', message: 'cancelled' };
      const reason = cause instanceof ApplicationFailure ? cause.type : undefined;
      return { outcome: 'Failed', message: cause?.message ?? error.message, ...(reason ? { reason } : {}) };
    }
  }

  /**
   * Reports each change of the status until the operation ends, and gives its end; undefined when the caller has had
   * enough. A Temporal worker or server that dies meanwhile is waited for.
   */
  async follow({ onStatus, signal, enough = () => false, onSilence }: FollowOptions): Promise<OperationEnd | undefined> {
    const began = Date.now();
    const appearsUntil = began + appearsWithinMs;
    let end: OperationEnd | undefined;
    let awaited: Promise<unknown> | undefined;
    let notBefore: string | undefined;
    let last = '';
    while (!signal?.aborted) {
      try {
        notBefore ??= this.fresh ? await this.entityBegan() : '';
        const status = await this.status();
        if (status.startedAt < notBefore) throw new WorkflowNotFoundError('not begun yet', this.workflowId, undefined);
        const text = JSON.stringify(status);
        if (text !== last) onStatus(status);
        last = text;
        if (end ?? status.endedAt) return end ?? (await this.result());
        if (enough(status)) return undefined;
        // The end is told at once, by a call that waits for it; should that fail, the next look makes a new one.
        awaited ??= this.result().then((one) => { end = one; }, () => { awaited = undefined; return sleep(lookEveryMs); });
      } catch (error) {
        if (error instanceof WorkflowNotFoundError && Date.now() < appearsUntil) last = '';
        else if (!isPassing(error)) throw error;
        else if (end ?? ((!this.fresh || last !== '') && (await this.hasEnded()))) return end ?? this.result();
        else await onSilence?.();
      }
      // Each look costs a workflow task: often at first, when much happens, then once a second.
      const pause = Math.min(lookEveryMs, 200 + (Date.now() - began) / 20);
      await Promise.race([sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined), ...(awaited ? [awaited] : [])]);
    }
    return undefined;
  }

  /** When the cluster's entity began, by the server's clock; its operations are younger than that, those of earlier entities older. */
  private async entityBegan(): Promise<string> {
    const entity = this.client.workflow.getHandle(this.workflowId.split('/').slice(0, 2).join('/'));
    const { raw, startTime } = await this.asked(() => entity.describe());
    const { firstRunId } = raw.workflowExecutionInfo ?? {};
    if (!firstRunId) return startTime.toISOString();
    // A run goes on as a new one after each operation: the newest may be younger than an operation that failed at once.
    const first = await this.asked(() => this.client.workflow.getHandle(entity.workflowId, firstRunId).describe()).catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
    return first?.startTime.toISOString() ?? '';
  }

  /** Whether it has ended; false as well when nobody knows. Needs the server only. */
  private async hasEnded(): Promise<boolean> {
    try {
      const { status } = await this.asked(() => this.client.workflow.getHandle(this.workflowId).describe());
      return status.name !== 'RUNNING';
    } catch {
      return false;
    }
  }

  private asked<T>(question: () => Promise<T>): Promise<T> {
    return this.client.withDeadline(Date.now() + answerWithinMs, question);
  }
}

/** Silence, or an answer that a moment later may be another one (a query before the first workflow task, a busy server). */
const isPassing = (error: unknown): boolean =>
  isSilence(error) || (error instanceof Error && (isGrpcServiceError(error.cause) || isGrpcServiceError(error) || error.name === 'QueryRejectedError' || error.name === 'QueryNotRegisteredError'));
