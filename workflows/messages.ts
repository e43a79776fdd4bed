import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Adoption } from '../domain/adopt';
import type { ClusterSpec, Policy, Sealed } from '../domain/cluster';
import type { ClusterRecord, EntityView } from '../domain/entity';
import type { AmendRequest, Decision, SkipRequest } from '../domain/hands';
import type { ForgetRequest } from '../domain/absent';
import type { DriftReport } from '../domain/drift/difference';
import type { HostFacts } from '../domain/facts';
import type { Plan } from '../domain/plan';
import type { Progress } from '../domain/progress';
import type { ApplyRequest, ResetRequest, TaskRequest } from '../domain/requests';
import type { SnapshotReport } from '../domain/scheduled-snapshots';
import type { StateCopy } from '../domain/state-copy';
import type { OperationStatus } from '../domain/status';

/** Everything that clients and workflows say to each other. Types only grow. */

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
/** What is known of the cluster's hosts is forgotten, and nothing on them is changed. */
export const forgetUpdate = defineUpdate<void, [ForgetRequest]>('forget');
export const taskUpdate = defineUpdate<Accepted, [TaskRequest]>('task');
/** All that has failed is tried again, or one host's part of it. */
export const retryUpdate = defineUpdate<void, [{ by: string; host?: string }]>('retry');
/** What has failed is left out. Gives the ids of the jobs. */
export const skipUpdate = defineUpdate<readonly string[], [SkipRequest]>('skip');
export const approveUpdate = defineUpdate<void, [{ by: string; planHash: string }]>('approve');
export const pauseUpdate = defineUpdate<void, [{ by: string; reason?: string }]>('pause');
export const resumeUpdate = defineUpdate<void, [{ by: string }]>('resume');
export const amendUpdate = defineUpdate<Accepted, [AmendRequest]>('amend');
/** The policy as a whole; `base` is the digest of the desired state it was made from. */
export const policyUpdate = defineUpdate<void, [{ by: string; policy: Policy; base: string }]>('policy');
export const cancelUpdate = defineUpdate<void, [{ by: string; reason: string }]>('cancel');

/** The workflows that are operations of a cluster: its entity starts them, one at a time. */
export const operationTypes = ['initCluster', 'reconcileCluster', 'resetCluster', 'runTask'] as const;

/** On the entity `cluster/<name>`. */
export const entityQuery = defineQuery<EntityView>('cluster');
/** On the entity: the spec as it was applied last; secrets stay sealed. */
export const desiredQuery = defineQuery<ClusterSpec | undefined>('desired');
/** On the entity: what the last operation left, access to its members with it; secrets stay sealed. For the dry run. */
export const recordQuery = defineQuery<ClusterRecord>('record');
/** On the entity: the Clusterfile that was applied last, sealed. */
export const fileQuery = defineQuery<string | undefined>('clusterfile');
/** On an operation `cluster/<name>/<operation>`; answered on closed ones too, within retention. */
export const statusQuery = defineQuery<OperationStatus>('status');
/** On an operation: the plan that runs, once it is made. */
export const planQuery = defineQuery<Plan | undefined>('plan');

/** Operation to entity: how it goes. */
export const progressSignal = defineSignal<[Progress]>('progress');
/** A look for drift to the entity: what it has found. */
export const driftSignal = defineSignal<[DriftReport]>('drift');
/** A snapshot by the schedule to the entity: what has come of it. */
export const snapshotSignal = defineSignal<[SnapshotReport]>('snapshot');
/** Entity to operation: a person's word. */
export const decisionSignal = defineSignal<[Decision]>('decision');

/** A look at the hosts beside all operations: what `status` shows. */
export interface HostsLook {
  /** When it was finished. */
  readonly at: string;
  readonly facts: readonly HostFacts[];
  /** Ids of the hosts whose Nodes are cordoned; absent where no API server told it. */
  readonly cordoned?: readonly string[];
}

/** What lies on control planes of the state of a cluster: the answer of `readCopies`. */
export interface CopiesAnswer {
  readonly hosts: readonly { readonly host: string; readonly copy?: StateCopy; readonly registryPassword?: Sealed; readonly problem?: string }[];
}

/** What `adoptCluster` has seen, and whether it has written claim and marks. */
export interface AdoptAnswer {
  readonly adoption: Adoption;
  /** What an apply would do afterwards. */
  readonly plan: Plan;
  readonly adopted: boolean;
  /** What the cluster's entity begins with. */
  readonly record: ClusterRecord;
}

/** The workflow id of a cluster's entity. */
export const entityId = (cluster: string): string => `cluster/${cluster}`;
/** One queue for everything, until fleets need more. */
export const taskQueue = 'keelson';
