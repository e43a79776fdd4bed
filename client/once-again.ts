import { isLate } from './errors';

/**
 * The answer to a question that changes nothing. Where its time runs out it is put once again: a machine that was held up for
 * some seconds, or a Temporal worker that was killed just now, is no silence yet. Throws what the second one threw.
 */
export async function onceAgain<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (!isLate(error)) throw error;
    return question();
  }
}
