import { isDropped } from './errors';

const againMs = 250;

/**
 * Makes a request until the server has not dropped it, or the time is over (`end`, ms since 1970). Each request has to
 * bear its id, or be one of which the second does no harm. Throws what the last one threw.
 */
export async function untilTaken<T>(end: number, request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!isDropped(error) || Date.now() + againMs > end) throw error;
    }
    await new Promise((resolve) => { setTimeout(resolve, againMs); });
  }
}
