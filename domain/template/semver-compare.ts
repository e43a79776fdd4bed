import { coerce, parse, satisfies, valid } from 'semver';

/** Longer than any constraint that a person writes; what is matched is short, whoever wrote it. */
const longest = 256;

/**
 * Sprig's semverCompare: whether a version meets a constraint such as `^1.27.0`, `>=1.24, <1.31` or `~1.2 || 2.x`.
 * Missing parts of the version count as 0; a leading `v` is allowed in both. Returns undefined when one cannot be read.
 */
export function semverCompare(constraint: string, version: string): boolean | undefined {
  if (constraint.length > longest || version.length > longest) return undefined;
  const exact = valid(version) ?? (/^v?\d+(\.\d+)?$/.test(version) ? coerce(version)?.version : undefined);
  if (exact === undefined || parse(exact) === null) return undefined;
  const answers = constraint.split('||').map((range) => meetsAll(range, exact));
  return answers.includes(undefined) ? undefined : answers.includes(true);
}

/** The constraints between two `||`: separated by commas or spaces, all must hold. `!=` is Go's, npm's semver lacks it. */
function meetsAll(range: string, version: string): boolean | undefined {
  const text = range.replaceAll(/[\s,]+/g, ' ').trim().replaceAll('=>', '>=').replaceAll('=<', '<=');
  const unwanted = [...text.matchAll(/!= ?(\S+)/g)].map(([, one]) => one ?? '');
  const wanted = text.replaceAll(/!= ?\S+/g, '').replaceAll(/\bv(?=\d)/g, '').replaceAll(/ +/g, ' ').trim();
  if (text === '' || !isRange(wanted) || !unwanted.every(isRange)) return undefined;
  return satisfies(version, wanted) && !unwanted.some((one) => satisfies(version, one));
}

const bound = /^(?:[<>]=?|[=^~])?v?[\dxX*]+(?:\.[\dxX*]+){0,2}(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

/** Bounds, and `a - b`, with a blank between them. Word by word: a pattern over all of them has 2^n ways to divide n blanks. */
function isRange(text: string): boolean {
  const words = text.replaceAll(/(?<=[<>=^~]) /g, '').split(' ').filter(Boolean);
  const isBound = (word: string | undefined): boolean => word !== undefined && bound.test(word);
  return words.every((word, at) => isBound(word) || (word === '-' && isBound(words[at - 1]) && isBound(words[at + 1]) && words[at - 2] !== '-'));
}
