import type { Json, JsonObject } from '../cluster';
import { isObject } from './json';

/** Keys whose value is a list of arguments in v1beta4 and a map before. */
const argumentKeys = ['extraArgs', 'kubeletExtraArgs'];

/** Any value with all arguments below it as lists of name and value, as v1beta4 writes them. A null value takes one away. */
export const withArgumentLists = (value: Json): Json => convert(value, (args) =>
  isObject(args) ? Object.entries(args).map(([name, text]) => ({ name, value: plain(text) })) : args);

/** The opposite, for v1beta3. An argument that is there twice keeps its last value: a map holds one. */
export const withArgumentMaps = (value: Json): Json => convert(value, (args) =>
  Array.isArray(args) ? Object.fromEntries((args as readonly Json[]).filter(isObject).map((one) => [String(one['name']), one['value'] ?? ''])) : args);

/** Arguments are strings for kubeadm, whatever YAML made of them: `audit-log-maxage: 7`. */
const plain = (value: Json): Json => (value === null || typeof value === 'string' ? value : isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value));

function convert(value: Json, change: (args: Json) => Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => convert(item, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, argumentKeys.includes(key) ? change(item) : convert(item, change)]));
}

/** Sets an argument unless it is there already. */
export function addArgument(args: readonly Json[], name: string, value: string): Json[] {
  return args.some((one) => isObject(one) && one['name'] === name) ? [...args] : [...args, { name, value }];
}

/** Every value of an argument. */
export const argumentValues = (args: readonly Json[], name: string): string[] =>
  args.filter((one): one is JsonObject => isObject(one) && one['name'] === name).map((one) => String(one['value'] ?? ''));
