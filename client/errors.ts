import { isGrpcServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError } from '@temporalio/common';
import { ClusterError, type ErrorDetails, type ErrorType } from '../domain/errors';
import { noSuchCluster } from './no-such-cluster';
import { TemporalUnavailable } from './temporal-unavailable';

/**
 * What a call to Temporal means for a person: a refusal of the cluster's entity as ClusterError with its type, silence
 * as TemporalUnavailable; anything else as it is.
 */
export function fromTemporal(error: unknown, about: { cluster: string; address: string }): unknown {
  const refusal = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (refusal instanceof ApplicationFailure) {
    const details = (refusal.details?.[0] ?? {}) as ErrorDetails;
    return new ClusterError((refusal.type ?? 'StageFailed') as ErrorType, refusal.message, details, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError) return noSuchCluster(about.cluster, error);
  if (error instanceof NamespaceNotFoundError) {
    const { namespace } = error;
    return new TemporalUnavailable(`the Temporal server at ${about.address} has no namespace ${namespace}`, {
      cause: error, todo: `\`temporal operator namespace create -n ${namespace} --retention 90d\` makes it, a server needs some seconds to know it; TEMPORAL_NAMESPACE names another`,
    });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isSilence(error)) return silence(about.address, error);
  return error;
}

/** Nobody answered: the server is away, or no Temporal worker polls. */
export const silence = (address: string, cause: unknown): TemporalUnavailable =>
  new TemporalUnavailable(`nobody answers behind the Temporal server at ${address}`, {
    cause, todo: '`keelson local status` shows the embedded one; for a server of your own, start `keelson worker` beside it',
  });

/** gRPC's codes for a deadline, which the SDK may report as a cancelled call. */
export const isLate = (error: unknown): boolean => isGrpc(error, ({ code }) => code === 1 || code === 4);

/** No answer in time, a server that is not there, or the server's word that nobody polls. */
export const isSilence = (error: unknown): boolean =>
  isLate(error) || isGrpc(error, ({ code, details }) => code === 14 || (code === 9 && nobodyPolls.test(details)));

/**
 * The server dropped a request, as the workflow's task that should have taken it failed or ended without it: its Temporal
 * worker was killed just then, or is too busy. What was asked has not come in; asked again with its id it counts once.
 */
export const isDropped = (error: unknown): boolean =>
  isGrpc(error, ({ code, details }) => code === 9 && !nobodyPolls.test(details))
  || (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure && error.cause.type === 'UnprocessedUpdate');

const nobodyPolls = /poller|no worker/i;

function isGrpc(error: unknown, wanted: (one: { code: number; details: string }) => boolean): boolean {
  for (let one: unknown = error; one instanceof Error; one = one.cause) if (isGrpcServiceError(one) && wanted(one)) return true;
  return false;
}
