import { type Document, isCollection, isNode, LineCounter } from 'yaml';
import type { Json, JsonObject } from '../cluster';
import { isObject } from '../kubeadm/json';
import { readYaml, valueOf } from '../yaml';
import type { Report, TextFile } from './report';

/** One YAML document of a file, and where in the file its fields are. */
export interface Source {
  readonly value: JsonObject;
  /** `file:line` of a field, or of the nearest thing around it that is there. */
  at(path?: readonly PropertyKey[]): string;
}

/** The YAML documents of a file that are maps; empty ones are passed over, everything that is no YAML is reported. */
export function readSources({ file, text }: TextFile, report: Report): Source[] {
  const lines = new LineCounter();
  // No pretty errors: they quote the file's lines, and these hold passwords.
  let documents: readonly Document.Parsed[] = [];
  try {
    documents = readYaml(text, { lineCounter: lines, prettyErrors: false, merge: true });
  } catch (error) {
    report.error(file, `no YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  return documents.flatMap((document): Source[] => {
    const at = (path: readonly PropertyKey[] = []) => `${file}:${lineOf(document, path, lines)}`;
    for (const error of document.errors) report.error(`${file}:${lines.linePos(error.pos[0]).line}`, `no YAML: ${error.message}`);
    if (document.errors.length > 0 || document.contents === null) return [];
    try {
      const value = valueOf(document);
      if (value === null) return [];
      if (isObject(value)) return [{ value, at }];
      report.warning(at(), 'a document that is no map is ignored');
    } catch (error) {
      report.error(at(), `no YAML: ${error instanceof Error ? error.message : String(error)}`);
    }
    return [];
  });
}

function lineOf(document: Document.Parsed, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const range = rangeAt(document, path.slice(0, length));
    if (range) return lines.linePos(range[0]).line;
  }
  return 1;
}

function rangeAt(document: Document.Parsed, path: readonly PropertyKey[]): readonly [number, number, number] | undefined {
  const parent: unknown = path.length < 2 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (path.length === 0) return document.contents?.range ?? undefined;
  if (!isCollection(parent)) return undefined;
  // The key's line, not the value's: a value may begin on the next line.
  const last = path[path.length - 1];
  const pair = parent.items.find((item) => typeof item === 'object' && item !== null && 'key' in item && isNode(item.key) && item.key.toString() === last);
  if (typeof pair === 'object' && pair !== null && 'key' in pair && isNode(pair.key)) return pair.key.range ?? undefined;
  const node: unknown = parent.get(last, true);
  return isNode(node) ? node.range ?? undefined : undefined;
}

/** Keys without a value, as `env:`, are not said at all. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null).map(([key, item]) => [key, withoutNulls(item)]));
}
