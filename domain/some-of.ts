/** So many of a list are named in a sentence: a thousand hosts that fail alike would fill what Temporal takes, and nobody reads them. */
const most = 50;

/** The first of a list in words, and how many more there are; all of them where they are few. */
export function someOf<T>(list: readonly T[], words: (one: T) => string, between: string): string {
  const named = list.slice(0, most).map(words);
  return [...named, ...(list.length > most ? [`and ${list.length - most} more`] : [])].join(between);
}
