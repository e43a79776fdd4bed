import type { ClusterSpec } from './cluster';
import { digestOf } from './digest';
import type { HostFacts } from './facts';

/** What a failed operation knows of its hosts while it waits for one of them to change: a digest by host id, and how often it has looked. */
export interface Watched {
  readonly times: number;
  readonly seen: Readonly<Record<string, string>>;
}

export const unwatched: Watched = { times: 0, seen: {} };

/** So many hosts are looked at each time, in turn: a look by the hundred, all day, would fill the history. */
const atOnce = 10;

/** Which of the hosts that failed are looked at this time. */
export function hostsInTurn(hosts: readonly string[], { times }: Watched): string[] {
  const from = hosts.length <= atOnce ? 0 : (times * atOnce) % hosts.length;
  return [...hosts.slice(from), ...hosts.slice(0, from)].slice(0, atOnce);
}

/** How long until the next look: twice as long each time, up to `maxMs`. `before`: looks and tries so far. */
export const untilNext = ({ firstMs, maxMs }: { readonly firstMs: number; readonly maxMs: number }, before: number): number =>
  Math.min(firstMs * 2 ** Math.min(before, 20), maxMs);

/**
 * Milliseconds until the next look at hosts that failed. `tried`: tries by itself so far; one that a host's change has brought
 * about counts as well, so that a host that changes all the time is not tried all the time.
 */
export const lookMs = ({ policy }: ClusterSpec, tried: number, { times }: Watched): number =>
  untilNext(policy.parkLook ?? { firstMs: 60_000, maxMs: 600_000 }, Math.max(tried - policy.parkRetry.times, 0) + times);

/**
 * What was seen by one more look, and whether a host has changed: one that could not be reached can be, or is not what it was
 * at the look before. `away`: hosts that failed because they could not be reached.
 */
export function watch({ times, seen }: Watched, facts: readonly HostFacts[], away: readonly string[]): Watched & { readonly changed: boolean } {
  const now = Object.fromEntries(facts.map((one) => [one.host, essence(one)]));
  const changed = facts.some((one) => one.reachable && (away.includes(one.host) || (seen[one.host] !== undefined && seen[one.host] !== now[one.host])));
  return { times: times + 1, seen: { ...seen, ...now }, changed };
}

/** What of a host does not change by itself from one minute to the next. */
const essence = ({ reachable, machineId, claim, done, trees, foreign, missingTools, os, kernel, kubeletVersion, controlPlaneVersion, joined, controlPlane }: HostFacts): string =>
  digestOf({ reachable, machineId, claim, done: [...done].sort(), trees, foreign, missingTools, os, kernel, kubeletVersion, controlPlaneVersion, joined, controlPlane } as never).slice(0, 12);
