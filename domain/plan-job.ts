import type { SettingsPart } from './settings';
import type { StageName } from './stages';

/** What a person may have to say yes to before it is done; the Policy says which. */
export type ApprovalKind = 'removeControlPlane' | 'upgrade' | 'override';

export interface Approval {
  readonly kind: ApprovalKind;
  /** What is about to be done, for people. */
  readonly reason: string;
}

/** One piece of work: a stage on a host. */
export interface PlanJob {
  /** `<stage>/<host>` or `<stage>/<host>/<subject>`; the activity's id in the history. */
  readonly id: string;
  readonly stage: StageName;
  /** Host id; absent: the work is done on the Temporal worker, for all hosts. */
  readonly host?: string;
  /** Digest of the image, in RunGuest. */
  readonly image?: string;
  /** Digest of what it brings: content, settings, role. No secret is in it. */
  readonly brings?: string;
  /** Why it is needed, for people. */
  readonly reason: string;
  /** In Join and Remove: the control plane it speaks through, where that is not the leader. */
  readonly through?: string;
  /** It takes the host, or a member of etcd, out of the cluster. */
  readonly removes?: boolean;
  /** In Remove: nothing is done on the host itself, it cannot be reached. */
  readonly forget?: boolean;
  /** In Remove: the address by which Node and etcd member are known, where no host of that id leaves. */
  readonly member?: string;
  /** In Settings: what of the host takes them; `node`: its Node object. */
  readonly part?: SettingsPart | 'node';
  /** In Upgrade: the version that the host comes from. */
  readonly from?: string;
  /** From where on the work only goes forward, in words. */
  readonly pointOfNoReturn?: string;
  /** Needs a person's word, unless the Policy says otherwise. */
  readonly approval?: ApprovalKind;
}

/** Whether a job takes container images of the former version away: the last thing of an upgrade, when nobody pulls them any more. */
export const isTrim = ({ id, stage }: Pick<PlanJob, 'id' | 'stage'>): boolean => stage === 'MirrorRegistry' && id.endsWith('/trim');

/** Whether a job only brings back the Node of a host that has joined. */
export const isNodeAgain = ({ id, stage }: Pick<PlanJob, 'id' | 'stage'>): boolean => stage === 'Join' && id.endsWith('/node');

/** Whether a job only tells a host that is prepared where registry and API are now. */
export const isNames = ({ id, stage }: Pick<PlanJob, 'id' | 'stage'>): boolean => stage === 'Bootstrap' && id.endsWith('/names');
