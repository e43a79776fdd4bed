import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseAllDocuments, parseDocument, type YAMLMap } from 'yaml';
import type { ConfigDocument } from './cluster';
import { ClusterError } from './errors';

/**
 * The content of a file after a Config document: `old` is undefined where the image has no such file, which counts as
 * empty. `merge` splits the file at `---` and merges the data, one YAML map, into each part: data wins, also with empty
 * values, lists are replaced; comments and the order of keys stay. Throws ClusterError InvalidSpec, naming Config and
 * path, when one of the two is no YAML or a value would change its type.
 */
export function applyConfig(old: string | undefined, config: ConfigDocument): string {
  if (old === undefined && config.strategy !== 'merge') return config.data;
  switch (config.strategy) {
    case 'override': return config.data;
    case 'insert': return `${config.data}\n${old ?? ''}`;
    case 'append': return `${old ?? ''}\n${config.data}`;
    case 'merge': return merge(old ?? '', config);
  }
}

type YamlDocument = Document.Parsed;
type Map = YAMLMap<Node, Node | null>;

function merge(old: string, config: ConfigDocument): string {
  const data = parseDocument(config.data, { intAsBigInt: true });
  if (data.errors[0]) throw fault(config, `its data is no YAML: ${data.errors[0].message}`);
  if (!isMap(data.contents)) throw fault(config, 'its data must be one YAML map (a:, b:, ...)');
  const parsed = parseAllDocuments(old, { intAsBigInt: true });
  const parts: YamlDocument[] = 'empty' in parsed ? [] : parsed;
  const broken = parts.flatMap(({ errors }) => errors)[0];
  if (broken) throw fault(config, `the file is no YAML: ${broken.message}`);
  // A part without content, e.g. before a leading ---, stays empty: filled, it would be one document too many.
  const filled = parts.filter(({ contents }) => !isEmpty(contents));
  if (filled.length === 0) return config.data;
  for (const part of filled) {
    if (!isMap(part.contents)) throw fault(config, 'the file holds a list or a single value, only maps can be merged');
    mergeMap(part.contents as Map, data.contents.clone() as Map, { part, data, config, path: [] });
  }
  return filled.map((part) => part.toString({ lineWidth: 0, directives: false })).join('---\n');
}

interface Place {
  readonly part: YamlDocument;
  readonly data: YamlDocument;
  readonly config: ConfigDocument;
  readonly path: readonly string[];
}

function mergeMap(target: Map, data: Map, place: Place): void {
  for (const { key, value } of data.items) {
    const name = String(isScalar(key) ? key.value : key);
    const inner = { ...place, path: [...place.path, name] };
    const fresh = detached(value, place.data);
    const pair = target.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === name);
    if (pair) mergePair(pair, fresh, inner);
    else target.items.push(place.part.createPair(key, fresh) as unknown as Pair<Node, Node | null>);
  }
}

function mergePair(pair: Pair<Node, Node | null>, fresh: Node | null, place: Place): void {
  const before = detached(pair.value, place.part);
  const [was, becomes] = [typeOf(before), typeOf(fresh)];
  if (was !== becomes && was !== 'nothing' && becomes !== 'nothing') {
    throw fault(place.config, `${place.path.join('.')} is a ${was} in the file and a ${becomes} in the data; strategy override replaces the whole file`);
  }
  if (isMap(before) && isMap(fresh)) {
    pair.value = before;
    mergeMap(before as Map, fresh as Map, place);
    return;
  }
  // The comment at the end of a line belongs to the place, not to the value.
  if (isScalar(before) && isScalar(fresh) && fresh.comment == null) fresh.comment = before.comment;
  pair.value = fresh;
}

/** An alias is resolved to a copy: what it points to may be in the other document, or must not change with it. */
function detached(node: unknown, document: YamlDocument): Node | null {
  if (isAlias(node)) return (node as Alias).resolve(document)?.clone() as Node ?? null;
  return (node ?? null) as Node | null;
}

function typeOf(node: Node | null): string {
  if (isMap(node)) return 'map';
  if (isSeq(node)) return 'list';
  if (!isScalar(node) || node.value === null) return 'nothing';
  return typeof node.value === 'bigint' ? 'number' : typeof node.value;
}

const isEmpty = (node: unknown): boolean => node === null || node === undefined || (isScalar(node) && node.value === null);

function fault(config: ConfigDocument, message: string): ClusterError {
  return new ClusterError('InvalidSpec', `Config ${config.name} cannot change ${config.path}: ${message}`, { todo: `Correct the document Config/${config.name}.` });
}
