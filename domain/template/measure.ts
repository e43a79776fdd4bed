import { isList, isMap, isNil, type Value } from './value';

/** What a call will make at the most, told before it is made: what is too much must not be made first. */
export interface Growth {
  /** Characters. */
  readonly text?: number;
  /** Values: items of lists, keys of maps. */
  readonly items?: number;
}

/** How often a part stands in a text, as `replaceAll` finds it. */
export function occurrences(value: string, part: string): number {
  if (part === '') return value.length + 1;
  let count = 0;
  for (let at = value.indexOf(part); at >= 0; at = value.indexOf(part, at + part.length)) count += 1;
  return count;
}

/** Around each value stand quotes, commas, blanks and key names of the printer: never more than this. */
const around = 24;

/** How many characters a value has when it is printed, at the most but for escapes. A text that hangs in many places counts in each of them. */
export function printedLength(value: Value): number {
  let length = 0;
  const stack: Value[] = [value];
  while (stack.length > 0) {
    const next = stack.pop();
    length += around;
    if (typeof next === 'string') length += next.length;
    else if (isList(next)) for (const item of next) stack.push(item);
    else if (isMap(next)) for (const [key, item] of Object.entries(next)) { length += key.length; stack.push(item); }
  }
  return length;
}

/** The same for several values side by side. */
export const printedLengths = (values: readonly Value[]): number => values.reduce<number>((sum, value) => sum + (isNil(value) ? around : printedLength(value)), 0);

/** Bytes of a text in UTF-8; half a character counts as one byte. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 || (code >= 0xd800 && code < 0xe000) ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
