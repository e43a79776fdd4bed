import type { Json, JsonObject } from '../cluster';

/** What a template computes with. undefined and null are both Go's nil. */
export type Value = Json | undefined;

export const isList = (value: Value): value is readonly Json[] => Array.isArray(value);
export const isMap = (value: Value): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isNil = (value: Value): value is null | undefined => value === undefined || value === null;

/** Go's truth, which is also sprig's `empty` the other way round. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The type's name for errors. */
export const typeOf = (value: Value): string => (isNil(value) ? 'nothing' : isList(value) ? 'a list' : isMap(value) ? 'a map' : `a ${typeof value}`);

/** As Go's `%v` prints it; nil at the top is `<no value>`, inside a list or map `<nil>`. */
export function print(value: Value, top = true): string {
  if (isNil(value)) return top ? '<no value>' : '<nil>';
  if (isList(value)) return `[${value.map((item) => print(item, false)).join(' ')}]`;
  if (isMap(value)) return `map[${Object.keys(value).sort().map((key) => `${key}:${print(value[key], false)}`).join(' ')}]`;
  return String(value);
}

/** Go's `%q`. */
export const goQuote = (text: string): string =>
  JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1').replaceAll('\x7f', '\\x7f');

/** How many values hang together below this one; stops counting above the limit. */
export function weigh(value: Value, limit: number): number {
  let count = 0;
  const stack: Value[] = [value];
  while (stack.length > 0 && count <= limit) {
    const next = stack.pop();
    count += 1;
    if (isList(next)) stack.push(...next.slice(0, limit));
    else if (isMap(next)) stack.push(...Object.values(next).slice(0, limit));
  }
  return count;
}
