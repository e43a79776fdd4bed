import { patched } from '@temporalio/workflow';

/** How many at once, and the name of the change by which histories that began without lanes are told. */
export interface Lanes {
  readonly most: number;
  readonly change: string;
}

/**
 * Does something for each of many, at most so many at once, and gives the answers in their order. Rejects with the first
 * failure. Temporal lets a workflow wait for 2000 activities at once and takes 4 MiB of commands at a time; and what
 * waits long for a free place may count as late.
 */
export async function sideBySide<T, R>(all: readonly T[], { most, change }: Lanes, work: (one: T) => Promise<R>): Promise<R[]> {
  if (all.length <= most || !patched(change)) return Promise.all(all.map(work));
  const answers: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) answers[at] = await work(all[at]!);
  };
  await Promise.all(Array.from({ length: most }, lane));
  return answers;
}
