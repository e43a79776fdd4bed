import { ClusterError } from '../domain/errors';
import type { Scope, Session } from './ports';

/**
 * Runs a command that ends in one useless line when it fails, and then looks where the cause is: what the look finds goes
 * to the log, and its telling lines into the error.
 */
export async function explained<T>(session: Session, scope: Scope, diagnosis: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ClusterError) || (error.type !== 'CommandFailed' && error.type !== 'NeedsDecision')) throw error;
    const seen = await session.run({ title: 'look for the cause', script: diagnosis, okCodes: [0, 1] }).catch(() => '');
    for (const line of seen.split('\n')) scope.log(line);
    const telling = seen.split('\n').filter((line) => /error|fail|refused|denied|not found/i.test(line)).slice(-4);
    throw new ClusterError(error.type, error.message, { ...error.details, tail: [...(error.details.tail ?? []), ...telling] }, { cause: error });
  }
}
