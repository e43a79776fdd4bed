import { goQuote, isNil, print, typeOf, type Value } from './value';

/** Go's Printf with %s, %d, %v, %q and %%. Anything else, or arguments that do not fit, is an error, not `%!d(string=x)`. */
export function goPrintf(format: string, args: readonly Value[]): string {
  let used = 0;
  const result = format.replace(/%([^%sdvq]?[\s\S]?)/g, (verb: string, rest: string) => {
    if (rest.startsWith('%')) return `%${rest.slice(1)}`;
    if (!/^[sdvq]$/.test(rest)) throw new Error(`knows %s, %d, %v and %q only, not ${verb}`);
    if (used >= args.length) throw new Error(`has no argument for ${verb} number ${used + 1}`);
    used += 1;
    return show(rest, args[used - 1]);
  });
  if (used < args.length) throw new Error(`has ${args.length} arguments for ${used} verbs`);
  return result;
}

function show(verb: string, value: Value): string {
  if (verb === 'v') return isNil(value) ? '<nil>' : print(value);
  if (verb === 'd' ? typeof value !== 'number' || !Number.isInteger(value) : typeof value !== 'string') {
    throw new Error(`%${verb} does not print ${typeOf(value)}`);
  }
  return verb === 'q' ? goQuote(print(value)) : print(value);
}
