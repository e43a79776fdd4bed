import type { Json, JsonObject } from '../cluster';
import { isObject } from '../kubeadm/json';
import { readYaml, valueOf } from '../yaml';
import type { Report, TextFile } from './report';

const deepest = 50;

/**
 * `.Values` for the templates of a Clusterfile, with Helm's meaning: the files in their order, later ones over earlier
 * ones, maps merged, everything else replaced; then each `--set a.b=c`.
 */
export function readValues(files: readonly TextFile[], set: readonly string[], report: Report): JsonObject {
  const read = files.map((file) => readFile(file, report)).reduce<JsonObject>(merge, {});
  return set.reduce<JsonObject>((values, item) => setValue(values, item, report), read);
}

function readFile({ file, text }: TextFile, report: Report): JsonObject {
  try {
    const [document, second] = readYaml(text, { prettyErrors: false, merge: true });
    const [fault] = document?.errors ?? [];
    if (fault ?? second) {
      const line = text.slice(0, fault?.pos[0] ?? second?.range[0]).split('\n').length;
      report.error(`${file}:${line}`, `no YAML: ${fault?.message ?? 'values are one document, here a second one begins'}`);
      return {};
    }
    const value = (document && valueOf(document)) ?? {};
    if (isObject(value)) return value;
    report.error(file, 'values must be a map (key: value)');
  } catch (error) {
    report.error(file, `no YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {};
}

function merge(low: JsonObject, high: JsonObject): JsonObject {
  const result = new Map<string, Json>(Object.entries(low));
  for (const [key, value] of Object.entries(high)) {
    const before = result.get(key);
    result.set(key, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(result);
}

/** One `a.b=c`. A value may hold commas and `=`: flags are repeated, not split. `\.` in a key is a dot of its name. */
function setValue(values: JsonObject, item: string, report: Report): JsonObject {
  const [, key = '', value = ''] = /^((?:[^=\\]|\\.)+)=([\s\S]*)$/.exec(item) ?? [];
  const path = key.match(/(?:[^.\\]|\\.)+/g)?.map((part) => part.replace(/\\(.)/g, '$1')) ?? [];
  if (path.length === 0 || path.length > deepest) {
    // What stands there may be a secret: it is not repeated.
    report.error('--set', key === '' ? 'a value without a name' : `${key}: not of the form a.b=c`, 'Write --set a.b=c.');
    return values;
  }
  return merge(values, path.reduceRight<Json>((inner, name) => Object.fromEntries([[name, inner]]), typed(value)) as JsonObject);
}

/** Helm's types: true, false, null and whole numbers are that, `{a,b}` is a list, the rest text. */
function typed(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return Number(text);
  const list = /^\{([\s\S]*)\}$/.exec(text)?.[1];
  return list === undefined ? text : list === '' ? [] : list.split(',').map((one) => typed(one.trim()));
}
