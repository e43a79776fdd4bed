import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Adoption } from '../domain/adopt';
import type { ClusterSpec, Policy, Sealed } from '../domain/cluster';
import type { Amended, ClusterRecord, EntityView, TaskRequest } from '../domain/entity';
import type { AmendRequest, Decision, SkipRequest } from '../domain/hands';
import type { ForgetRequest } from '../domain/absent';
import type { Anew } from '../domain/lost';
import type { DriftReport } from '../domain/drift/difference';
import type { HostFacts } from '../domain/facts';
import type { Plan } from '../domain/plan';
import type { SnapshotReport } from '../domain/scheduled-snapshots';
import type { StateCopy } from '../domain/state-copy';
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
  /** Hosts that may be forgotten: they cannot be reached and never will be. */
  readonly forget?: readonly string[];
  /** Only this very plan may run; another one is refused as stale. */
  readonly planHash?: string;
  /** The Clusterfile this was made from, packed and sealed as a whole; absent: the one before stays. */
  readonly file?: string;
  /** Whatever asks for approval is approved in advance. */
  readonly approved?: boolean;
  /** A cluster of which no control plane is there any more is made anew, from Init; otherwise it says nothing. */
  readonly anew?: Anew;
}

export interface ResetRequest {
  readonly requestId: string;
  readonly by: string;
  /** Must repeat the cluster's name. */
  readonly confirm: string;
  /** Forget hosts that cannot be reached. */
  readonly force: boolean;
  /** The spec with other logins: those of before no longer work. */
  readonly amended?: Amended;
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
export interface Progress {
  readonly operation: string;
  /** What it waits for; absent: it goes on. */
  readonly waiting?: OperationStatus['waiting'];
  /** The hash of its plan, to whom has asked. */
  readonly planHash?: string;
  /** Hosts that have joined. */
  readonly joined?: readonly string[];
  /** A cancelled operation's last word: what it left, and what it took back. */
  /** What it has come to: it must outlive the operation, however that ends. */
  readonly record?: ClusterRecord;
  readonly ended?: { readonly record: ClusterRecord; readonly message: string };
}
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
