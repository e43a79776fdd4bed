/** What went wrong, by kind. The names are API: conditions, exit codes and retries hang on them. Never rename one. */
export type ErrorType =
  | 'InvalidSpec'
  | 'UnsafePlan'
  | 'ClusterLost'
  | 'StalePlan'
  | 'HostClaimed'
  | 'PreflightFailed'
  | 'NeedsDecision'
  | 'ClusterBusy'
  | 'HostUnreachable'
  | 'HostKeyMismatch'
  | 'AuthenticationFailed'
  | 'SudoDenied'
  | 'KeyMissing'
  | 'Disconnected'
  | 'CommandFailed'
  | 'CommandTimedOut'
  | 'HostBusy'
  | 'NotReadyYet'
  | 'ImageNotFound'
  | 'InvalidImage'
  | 'ImageRejected'
  | 'DigestMismatch'
  | 'DrainBlocked'
  | 'RolledBack'
  | 'StageFailed';

/** Whether another attempt of the same activity can help. The rest waits for a person. */
const retryable: Record<ErrorType, boolean> = {
  InvalidSpec: false,
  UnsafePlan: false,
  // All its control planes are bare: whether it is made anew or forgotten is for a person to say.
  ClusterLost: false,
  StalePlan: false,
  HostClaimed: false,
  PreflightFailed: false,
  NeedsDecision: false,
  ClusterBusy: false,
  HostUnreachable: true,
  HostKeyMismatch: false,
  AuthenticationFailed: false,
  SudoDenied: false,
  KeyMissing: false,
  Disconnected: true,
  CommandFailed: true,
  CommandTimedOut: true,
  HostBusy: true,
  NotReadyYet: true,
  ImageNotFound: false,
  InvalidImage: false,
  ImageRejected: false,
  DigestMismatch: false,
  // Time may mend it: other replicas come up.
  DrainBlocked: true,
  // The host is as it was; why it failed is for a person to find.
  RolledBack: false,
  StageFailed: false,
};

/** The facts of an error: where, which command, what it said, what to do. All redacted: details enter histories. */
export interface ErrorDetails {
  readonly host?: string;
  /** The command's title, never its text: texts may hold secrets. */
  readonly command?: string;
  readonly exitCode?: number;
  /** The last lines it wrote, redacted. */
  readonly tail?: readonly string[];
  /** What a person should do now, one sentence. */
  readonly todo?: string;
}

/** The one error class of Keelson. `message` is for people; `type` decides retries and exit codes. */
export class ClusterError extends Error {
  readonly retryable: boolean;

  constructor(
    readonly type: ErrorType,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = type;
    this.retryable = retryable[type];
  }
}

/** Whether an error of this type may be retried by the activity itself. */
export const isRetryable = (type: string): boolean => retryable[type as ErrorType] ?? true;
