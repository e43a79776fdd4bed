/** Waits until something holds; throws, saying what, when it does not within so many milliseconds. */
export async function until(what: string | (() => string), ms: number, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + ms; !holds();) {
    if (Date.now() > end) throw new Error(`${typeof what === 'string' ? what : what()} did not come about within ${ms / 1000} s`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
