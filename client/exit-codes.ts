import { ClusterError, type ErrorType } from '../domain/errors';
import { LeftAtQuestion } from './left-at-question';
import { TemporalUnavailable } from './temporal-unavailable';

/** What the exit code of `keelson` says. Scripts depend on it: never renumbered. */
export const exitCodes = {
  done: 0,
  failed: 1,
  badInput: 2,
  parked: 3,
  refused: 4,
  noTemporal: 5,
  changes: 10,
  left: 130,
} as const;

export const exitCodeHelp = `
Exit codes:
  0    done, or nothing to do
  1    failed
  2    bad input, or a check refuses it: nothing was changed
  3    parked: waits for a person
  4    refused, or the cluster is busy
  5    no Temporal server or Temporal worker
  10   plan --exit-code: there are changes; drift: something differs
  130  left: at a question nothing was done, at a view the operation goes on`;

const badInput: readonly ErrorType[] = ['InvalidSpec', 'PreflightFailed', 'ImageNotFound', 'InvalidImage', 'ImageRejected', 'KeyMissing'];
const refused: readonly ErrorType[] = ['ClusterBusy', 'UnsafePlan', 'ClusterLost', 'StalePlan', 'HostClaimed', 'NeedsDecision'];

/** The exit code for an error that ended the command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof TemporalUnavailable) return exitCodes.noTemporal;
  if (error instanceof LeftAtQuestion) return exitCodes.left;
  return error instanceof ClusterError ? exitCodeOfType(error.type) : exitCodes.failed;
}

/** The exit code for an error of this type, thrown or only shown. */
export function exitCodeOfType(type: ErrorType): number {
  if (badInput.includes(type)) return exitCodes.badInput;
  return refused.includes(type) ? exitCodes.refused : exitCodes.failed;
}

/**
 * The exit code for the way an operation ended. `untouched`: no plan was made, so nothing can have been changed. A check
 * that refuses hosts later on, in the middle of the work, is a failure as any other.
 */
export function exitCodeFor(outcome: 'Success' | 'Failed' | 'Cancelled', { reason, untouched = false }: { reason?: string; untouched?: boolean } = {}): number {
  if (outcome === 'Success') return exitCodes.done;
  if (untouched && (reason === 'UnsafePlan' || reason === 'ClusterLost' || reason === 'StalePlan')) return exitCodes.refused;
  return reason === 'PreflightFailed' && untouched ? exitCodes.badInput : exitCodes.failed;
}
