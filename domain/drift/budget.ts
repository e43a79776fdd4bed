import { digestOf } from '../digest';
import type { Difference } from './difference';

/** How often each difference was found in a row while the cluster could mend itself, by a short digest of it. */
export type Sightings = Readonly<Record<string, number>>;

/** At these sightings of the same difference an apply tries to mend it; after the last one it is for a person. */
const tries = [1, 2, 4, 8, 16] as const;
/** So many differences are counted, for the sake of the entity's state; an apply for these mends the others with them. */
const counted = 500;

/** The sightings after one more look: what was not found any more is forgotten. */
export const sighted = (before: Sightings = {}, differences: readonly Difference[]): Sightings =>
  Object.fromEntries(differences.slice(0, counted).map((one) => {
    const key = keyOf(one);
    return [key, (before[key] ?? 0) + 1];
  }));

/** Whether any difference is due for a try. The same one is tried ever more rarely, and not without end. */
export const isDue = (sightings: Sightings = {}): boolean => Object.values(sightings).some((times) => tries.some((one) => one === times));

/** Why nothing is tried now, for people. */
export function heldBack(sightings: Sightings = {}): string {
  const waits = Object.values(sightings).flatMap((times) => {
    const next = tries.find((one) => one > times);
    return next === undefined ? [] : [next - times];
  });
  const looks = Math.min(...waits);
  const words = 'an apply was tried for this, and it was found again';
  if (waits.length === 0) return `${words} each time: it is not tried any more by itself`;
  return `${words}: the next try is ${looks === 1 ? 'at the next look' : `${looks} looks from now`}`;
}

// Without the line: a file may grow above it.
const keyOf = ({ host, kind, file = '', flag = '', message }: Difference): string => digestOf({ host, kind, file, flag, message }).slice(0, 12);
