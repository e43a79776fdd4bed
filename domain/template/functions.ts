import { stringify } from 'yaml';
import { decodeBase64, encodeBase64 } from '../base64';
import type { Json } from '../cluster';
import { canonicalJson } from '../digest';
import { type Growth, occurrences, printedLength, printedLengths, utf8Length } from './measure';
import { goPrintf } from './printf';
import { semverCompare } from './semver-compare';
import { goQuote, isList, isMap, isNil, isTrue, print, typeOf, type Value, weigh } from './value';

export type TemplateFunction = (...args: Value[]) => Value;

/** How many arguments a function takes: the least and the most. */
interface Entry {
  readonly least: number;
  readonly most: number;
  readonly call: TemplateFunction;
  /** For functions whose results may be larger than what they are given. Throws what the call throws for wrong arguments. */
  readonly grows?: (...args: Value[]) => Growth;
  /** It looks for its first argument at every place of its last one. */
  readonly searches?: boolean;
}

const entry = (least: number, most: number, call: TemplateFunction, grows?: Entry['grows']): Entry => ({ least, most, call, ...(grows ? { grows } : {}) });
const strict = (count: number, call: TemplateFunction, grows?: Entry['grows']): Entry => entry(count, count, call, grows);
const searching = (one: Entry): Entry => ({ ...one, searches: true });

function text(value: Value): string {
  if (typeof value !== 'string') throw new Error(`wants a string, this is ${typeOf(value)}`);
  return value;
}

function whole(value: Value): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error(`wants a whole number, this is ${typeOf(value)}`);
  return value;
}

const texts = (count: number, call: (...args: string[]) => Value, grows?: (...args: string[]) => Growth): Entry =>
  strict(count, (...args) => call(...args.map(text)), grows && ((...args) => grows(...args.map(text))));

const printed = (...args: Value[]): Growth => ({ text: printedLengths(args) });
/** YAML and JSON are made from a tree of nodes, of which each takes some hundred bytes. */
const written = (value: Value): Growth => ({ text: printedLength(value), items: 4 * weigh(value, mostNodes) });
const mostNodes = 100_000;
const indented = (width: Value, value: Value): Growth => ({ text: text(value).length + (occurrences(text(value), '\n') + 1) * whole(width) + 1 });
const pieces = (separator = '', value = ''): Growth => ({ items: occurrences(value, separator) + 1 });
/** Whether such a map is empty takes as long as it is large. */
const mostPieces = 2_000;

function split(separator = '', value = ''): Value {
  const parts = value.split(separator, mostPieces + 1);
  if (parts.length > mostPieces) throw new Error(`makes more than ${mostPieces} parts`);
  return Object.fromEntries(parts.map((one, index) => [`_${index}`, one]));
}

/** Go's eq: values of different types are a mistake in the template, nil equals only nil. */
function equal(a: Value, b: Value): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (typeof a === 'object' || typeof b === 'object') throw new Error('lists and maps cannot be compared');
  if (typeof a !== typeof b) throw new Error(`cannot compare ${typeOf(a)} with ${typeOf(b)}`);
  return a === b;
}

function less(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string') return a < b;
  throw new Error(`cannot order ${typeOf(a)} and ${typeOf(b)}`);
}

const cutset = (set: string, value: string): string => {
  let [start, end] = [0, value.length];
  while (start < end && set.includes(value[start] ?? '')) start += 1;
  while (end > start && set.includes(value[end - 1] ?? '')) end -= 1;
  return value.slice(start, end);
};

const indent = (width: Value, value: Value): string => {
  const spaces = whole(width);
  if (spaces < 0 || spaces > 200) throw new Error('indents by 0 to 200 spaces');
  return text(value).split('\n').map((line) => ' '.repeat(spaces) + line).join('\n');
};

const toInt = (value: Value): number => {
  const number = typeof value === 'boolean' ? Number(value) : Math.trunc(Number(isNil(value) || typeof value === 'object' ? 0 : value));
  return Number.isFinite(number) ? number : 0;
};

function pairs(args: readonly Value[]): Value {
  if (args.length % 2 !== 0) throw new Error('wants a value for each key');
  const keys = args.filter((_, index) => index % 2 === 0).map(text);
  return Object.fromEntries(keys.map((key, index) => [key, args[index * 2 + 1] ?? null]));
}

function look(from: Value, key: Value): Value {
  if (isMap(from)) return Object.hasOwn(from, text(key)) ? from[text(key)] : undefined;
  if (!isList(from)) throw new Error(`looks into lists and maps, this is ${typeOf(from)}`);
  const at = whole(key);
  if (at < 0 || at >= from.length) throw new Error(`there is no item ${at} in a list of ${from.length}`);
  return from[at];
}

function size(value: Value): number {
  if (typeof value === 'string') return utf8Length(value);
  if (isList(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  throw new Error(`wants a string, list or map, this is ${typeOf(value)}`);
}

function join(separator: Value, list: Value): string {
  const items: readonly Value[] = isList(list) ? list : isNil(list) ? [] : [list];
  return items.filter((item) => !isNil(item)).map((item) => print(item)).join(text(separator));
}

function compareVersions(constraint: Value, version: Value): boolean {
  const answer = semverCompare(text(constraint), text(version));
  if (answer === undefined) throw new Error(`cannot compare ${print(version).slice(0, 80)} with ${print(constraint).slice(0, 80)}`);
  return answer;
}

function decode(value: string): string {
  const decoded = decodeBase64(value);
  if (decoded === undefined) throw new Error('this is not Base64 of a text');
  return decoded;
}

/** `compat` quotes yes, on, y and the like: what reads the result, Kubernetes first of all, knows YAML 1.1. */
const toYaml = (value: Value): string =>
  stringify(value ?? null, { sortMapEntries: true, lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false, compat: 'yaml-1.1' }).replace(/\n$/, '');

/** Every function of the grammar; `and` and `or` are the renderer's, since they stop early. Errors get place and name there. */
export const functions: ReadonlyMap<string, Entry> = new Map(Object.entries({
  default: entry(1, 2, (fallback, value) => (isTrue(value) ? value : fallback)),
  empty: strict(1, (value) => !isTrue(value)),
  coalesce: entry(0, 100, (...args) => args.find(isTrue)),
  ternary: strict(3, (yes, no, test) => {
    if (typeof test !== 'boolean') throw new Error(`wants true or false last, this is ${typeOf(test)}`);
    return test ? yes : no;
  }),
  not: strict(1, (value) => !isTrue(value)),
  eq: entry(2, 100, (first, ...rest) => rest.some((one) => equal(first, one))),
  ne: strict(2, (a, b) => !equal(a, b)),
  lt: strict(2, less),
  le: strict(2, (a, b) => !less(b, a)),
  gt: strict(2, (a, b) => less(b, a)),
  ge: strict(2, (a, b) => !less(a, b)),
  contains: searching(texts(2, (part = '', value = '') => value.includes(part))),
  hasPrefix: texts(2, (part = '', value = '') => value.startsWith(part)),
  hasSuffix: texts(2, (part = '', value = '') => value.endsWith(part)),
  semverCompare: strict(2, compareVersions),
  quote: entry(0, 100, (...args) => args.filter((one) => !isNil(one)).map((one) => goQuote(print(one))).join(' '), printed),
  squote: entry(0, 100, (...args) => args.filter((one) => !isNil(one)).map((one) => `'${print(one)}'`).join(' '), printed),
  b64enc: texts(1, (value = '') => encodeBase64(value)),
  b64dec: texts(1, (value = '') => decode(value)),
  trim: texts(1, (value = '') => value.trim()),
  trimPrefix: texts(2, (part = '', value = '') => (value.startsWith(part) ? value.slice(part.length) : value)),
  trimSuffix: texts(2, (part = '', value = '') => (part !== '' && value.endsWith(part) ? value.slice(0, -part.length) : value)),
  trimAll: searching(texts(2, (set = '', value = '') => cutset(set, value))),
  upper: texts(1, (value = '') => value.toUpperCase()),
  lower: texts(1, (value = '') => value.toLowerCase()),
  replace: searching(texts(3, (old = '', fresh = '', value = '') => value.replaceAll(old, () => fresh),
    (old = '', fresh = '', value = '') => ({ text: value.length + occurrences(value, old) * Math.max(fresh.length - old.length, 0) }))),
  indent: strict(2, indent, indented),
  nindent: strict(2, (width, value) => `\n${indent(width, value)}`, indented),
  toYaml: strict(1, toYaml, written),
  toJson: strict(1, (value) => canonicalJson(value ?? null), written),
  printf: entry(1, 100, (format, ...args) => goPrintf(text(format), args), printed),
  list: entry(0, 1000, (...args): Json => args.map((one) => one ?? null)),
  dict: entry(0, 1000, (...args) => pairs(args)),
  join: strict(2, join, (separator, list) => ({ text: printedLength(list) + (isList(list) ? list.length * text(separator).length : 0) })),
  // Sprig's split gives a map with the keys _0, _1 ...; splitList gives the list.
  split: searching(texts(2, split)),
  splitList: searching(texts(2, (separator = '', value = '') => value.split(separator), pieces)),
  int: strict(1, toInt),
  len: strict(1, size),
  index: entry(1, 20, (from, ...keys) => keys.reduce<Value>(look, from)),
} satisfies Record<string, Entry>));
