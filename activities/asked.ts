import { ClusterError } from '../domain/errors';

/** Whether an error is the end of what was tried, and not of the link, of this attempt or of the work as a whole. */
export const isOutcome = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && ['CommandFailed', 'NeedsDecision', 'CommandTimedOut'].includes(error.type);

/** The answer of a command that needs the API, or in words why there is none: it is away while a control plane starts anew. */
export async function asked<T>(ask: () => Promise<T>): Promise<T | string> {
  try {
    return await ask();
  } catch (error) {
    if (isOutcome(error)) return `the API does not answer: ${error.details.tail?.at(-1) ?? error.message}`;
    throw error;
  }
}
