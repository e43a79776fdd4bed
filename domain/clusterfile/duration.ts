const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `30s`, `1h30m`, `500ms`; the whole text. */
export const durationPattern = /^(?:\d+(?:ms|s|m|h))+$/;

/** Milliseconds of a duration of that form. */
export const parseDuration = (text: string): number =>
  [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce((sum, [, count = '0', unit = 's']) => sum + Number(count) * (units[unit] ?? 0), 0);

/** Milliseconds in that form, in the largest unit that holds them whole. */
export const durationOf = (ms: number): string => {
  const unit = ms === 0 ? 's' : (['h', 'm', 's'] as const).find((one) => ms % (units[one] ?? 1) === 0) ?? 'ms';
  return `${ms / (units[unit] ?? 1)}${unit}`;
};
