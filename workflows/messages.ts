import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ClusterSpec } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import type { HostFacts } from '../domain/facts';
import type { Plan } from '../domain/plan';
import type { OperationStatus } from '../domain/status';

/** Everything that clients and workflows say to each other. Types only grow. */

export interface ApplyRequest {
  /** Also the update's id: the same request twice gives the recorded answer. */
  readonly requestId: string;
  /** Who asks, e.g. `ana@laptop`. */
  readonly by: string;
  readonly spec: ClusterSpec;
  /** digestOf(spec). */
  readonly digest: string;
  /** Digest of the desired state the request was made from; absent: whatever is there. */
  readonly base?: string;
  /** The Clusterfile this was made from, packed and sealed as a whole; absent: the one before stays. */
  readonly file?: string;
}

export interface ResetRequest {
  readonly requestId: string;
  readonly by: string;
  /** Must repeat the cluster's name. */
  readonly confirm: string;
  /** Forget hosts that cannot be reached. */
  readonly force: boolean;
}

export interface Accepted {
  /** e.g. `init-1`. */
  readonly operation: string;
  /** Workflow id of the operation: `cluster/<name>/<operation>`. */
  readonly workflowId: string;
  /** True when an operation on the same spec was running already, and this request joined it. */
  readonly attached: boolean;
}

export const applyUpdate = defineUpdate<Accepted, [ApplyRequest]>('apply');
export const resetUpdate = defineUpdate<Accepted, [ResetRequest]>('reset');
export const retryUpdate = defineUpdate<void, [{ by: string }]>('retry');
export const cancelUpdate = defineUpdate<void, [{ by: string; reason: string }]>('cancel');

/** On the entity `cluster/<name>`. */
export const entityQuery = defineQuery<EntityView>('cluster');
/** On the entity: the spec as it was applied last; secrets stay sealed. */
export const desiredQuery = defineQuery<ClusterSpec | undefined>('desired');
/** On the entity: the Clusterfile that was applied last, sealed. */
export const fileQuery = defineQuery<string | undefined>('clusterfile');
/** On an operation `cluster/<name>/<operation>`; answered on closed ones too, within retention. */
export const statusQuery = defineQuery<OperationStatus>('status');
/** On an operation: the plan that runs, once it is made. */
export const planQuery = defineQuery<Plan | undefined>('plan');

/** Operation to entity: it waits for something, or goes on. */
export const progressSignal = defineSignal<[{ operation: string; waiting?: OperationStatus['waiting'] }]>('progress');
/** Entity to operation: a person's word. */
export const decisionSignal = defineSignal<[{ decision: 'retry'; by: string }]>('decision');

/** A look at the hosts beside all operations: what `status` shows. */
export interface HostsLook {
  /** When it was finished. */
  readonly at: string;
  readonly facts: readonly HostFacts[];
}

/** The workflow id of a cluster's entity. */
export const entityId = (cluster: string): string => `cluster/${cluster}`;
/** One queue for everything, until fleets need more. */
export const taskQueue = 'keelson';
