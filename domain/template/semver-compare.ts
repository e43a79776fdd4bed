import { coerce, parse, satisfies, valid } from 'semver';

/**
 * Sprig's semverCompare: whether a version meets a constraint such as `^1.27.0`, `>=1.24, <1.31` or `~1.2 || 2.x`.
 * Missing parts of the version count as 0; a leading `v` is allowed in both. Returns undefined when one cannot be read.
 */
export function semverCompare(constraint: string, version: string): boolean | undefined {
  const exact = valid(version) ?? (/^v?\d+(\.\d+)?$/.test(version) ? coerce(version)?.version : undefined);
  if (exact === undefined || parse(exact) === null) return undefined;
  const answers = constraint.split('||').map((range) => meetsAll(range, exact));
  return answers.includes(undefined) ? undefined : answers.includes(true);
}

/** The constraints between two `||`: separated by commas or spaces, all must hold. `!=` is Go's, npm's semver lacks it. */
function meetsAll(range: string, version: string): boolean | undefined {
  const text = range.trim().replaceAll(/\s*,\s*/g, ' ').replaceAll(/=>/g, '>=').replaceAll(/=</g, '<=');
  const unwanted = [...text.matchAll(/!=\s*(\S+)/g)].map(([, one]) => one ?? '');
  const wanted = text.replaceAll(/!=\s*\S+/g, '').replaceAll(/\bv(?=\d)/g, '').trim();
  if (text === '' || !isRange(wanted) || !unwanted.every(isRange)) return undefined;
  return satisfies(version, wanted) && !unwanted.some((one) => satisfies(version, one));
}

const isRange = (text: string): boolean => {
  const bound = String.raw`(?:[<>]=?|[=^~])?\s*v?[\dxX*]+(?:\.[\dxX*]+){0,2}(?:-[\w.-]+)?(?:\+[\w.-]+)?`;
  return new RegExp(`^(?:${bound}(?:\\s+-\\s+${bound})?(?:\\s+|$))*$`).test(text);
};
