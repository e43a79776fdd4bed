import type { Json, JsonObject } from '../cluster';

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object below a key; empty where there is none. */
export const objectAt = (from: JsonObject | undefined, key: string): JsonObject => {
  const value = from?.[key];
  return isObject(value) ? value : {};
};

/** The text below a key; undefined where there is none, or an empty one. */
export const textAt = (from: JsonObject | undefined, key: string): string | undefined => {
  const value = from?.[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The list below a key; empty where there is none. */
export const listAt = (from: JsonObject | undefined, key: string): readonly Json[] => {
  const value = from?.[key];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
};

/** The value at a path of keys and indexes; undefined where there is none. */
export function valueAt(from: Json | undefined, path: readonly PropertyKey[]): Json | undefined {
  let value = from;
  for (const key of path) value = Array.isArray(value) ? (value as readonly Json[])[Number(key)] : isObject(value) ? value[String(key)] : undefined;
  return value;
}

/** The object without some keys. */
export const without = (from: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));

/** Without nulls and without objects that became empty by it, at any depth. Empty lists stay: `taints: []` means something. */
export function prune(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).filter((item) => !isTakenAway(item)).map(prune);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null).map(([key, item]) => [key, prune(item)] as const);
  return Object.fromEntries(entries.filter(([key, item]) => !isObject(item) || Object.keys(item).length > 0 || isEmpty(value[key])));
}

/** An argument with the value null, which overrode the weaker source's. */
const isTakenAway = (item: Json): boolean => isObject(item) && 'name' in item && item['value'] === null;

/** An object that was written empty on purpose, as `ipvs: {}`. */
const isEmpty = (value: Json | undefined): boolean => isObject(value) && Object.keys(value).length === 0;
