import type { JsonObject } from './cluster';
import { isObject } from './kubeadm/json';

/**
 * Forms of JSON that comes from outside: whether a value is what the code behind it counts on. Fields beside the form stay
 * and are not looked at, so that newer programs may say more. A form of a type is checked against it by the compiler.
 */
export type Form<T> = (value: unknown) => value is T;
type Fields = Readonly<Record<string, Form<unknown>>>;
type Of<F> = F extends Form<infer T> ? T : never;
type Values<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> };

export const text: Form<string> = (value): value is string => typeof value === 'string';
/** A text that says something. */
export const word: Form<string> = (value): value is string => typeof value === 'string' && value !== '';
export const flag: Form<boolean> = (value): value is boolean => typeof value === 'boolean';
/** A whole number from 0 on that JSON keeps exactly. */
export const count: Form<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const amount: Form<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
export const number: Form<number> = (value): value is number => typeof value === 'number';
export const anyObject: Form<JsonObject> = isObject;

export const oneOf = <T extends string>(...words: readonly T[]): Form<T> => (value): value is T => words.includes(value as T);
export const matching = (pattern: RegExp): Form<string> => (value): value is string => typeof value === 'string' && pattern.test(value);
export const either = <A, B>(a: Form<A>, b: Form<B>): Form<A | B> => (value): value is A | B => a(value) || b(value);
export const nothing: Form<null> = (value): value is null => value === null;
export const listOf = <T>(of: Form<T>): Form<readonly T[]> => (value): value is readonly T[] => Array.isArray(value) && value.every((one) => of(one));
export const mapOf = <T>(of: Form<T>): Form<Readonly<Record<string, T>>> => (value): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every((one) => of(one));

/** An object with all fields of `must`; those of `may` are there in their form or not at all. */
export const objectOf = <M extends Fields, O extends Fields = Record<never, never>>(must: M, may?: O): Form<Values<M> & Partial<Values<O>>> =>
  (value): value is Values<M> & Partial<Values<O>> => {
    if (!isObject(value)) return false;
    const own = (key: string): unknown => (Object.hasOwn(value, key) ? value[key] : undefined);
    return Object.entries(must).every(([key, form]) => form(own(key))) && Object.entries(may ?? {}).every(([key, form]) => own(key) === undefined || form(own(key)));
  };

/** Far above anything that a program writes. */
const deepest = 100;

/**
 * Whether a value is nested more deeply than anything that is meant: JSON.parse takes a hundred thousand levels, and all that
 * comes after goes through them by recursion.
 */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one).filter((inner) => typeof inner === 'object') : []));
  }
  return false;
}

/** Reads JSON of a form. Throws an Error that repeats nothing of it: what a host answers may hold secrets. */
export function readJson<T>(json: string, form: Form<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('an answer that is no JSON');
  }
  if (isTooDeep(value)) throw new Error('an answer that is nested too deeply');
  if (!form(value)) throw new Error('an answer of another form');
  return value;
}

/** The number that a text is; 0 for anything else. */
export const numberIn = (digits: string | undefined): number => (/^\d{1,15}$/.test(digits ?? '') ? Number(digits) : 0);
