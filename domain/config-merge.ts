import { type Document, isMap, isScalar, isSeq, type Node, type Pair, visit, type YAMLMap } from 'yaml';
import type { ConfigDocument } from './cluster';
import { ClusterError } from './errors';
import { faultOf, readYaml } from './yaml';

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
  try {
    return mergeParts(old, config);
  } catch (error) {
    // What the library throws late: an alias to nothing, a tag that does not fit its value.
    if (error instanceof ClusterError) throw error;
    throw fault(config, error instanceof Error ? error.message : String(error));
  }
}

function mergeParts(old: string, config: ConfigDocument): string {
  const [data, second] = readYaml(config.data, { intAsBigInt: true });
  const wrong = data && faultOf(data, config.data);
  if (wrong) throw fault(config, `its data is no YAML: ${wrong}`);
  if (!data || second || !isMap(data.contents)) throw fault(config, 'its data must be one YAML map (a:, b:, ...)');
  const parts = readYaml(old, { intAsBigInt: true });
  const broken = parts.map((part) => faultOf(part, old)).find((one) => one !== undefined);
  if (broken !== undefined) throw fault(config, `the file is no YAML: ${broken}`);
  // A part without content, e.g. before a leading ---, stays empty: filled, it would be one document too many.
  const filled = parts.filter(({ contents }) => !isEmpty(contents));
  if (filled.length === 0) return config.data;
  resolveAliases(data);
  for (const part of filled) {
    if (!isMap(part.contents)) throw fault(config, 'the file holds a list or a single value, only maps can be merged');
    resolveAliases(part);
    mergeMap(part.contents as Map, data.contents.clone() as Map, { part, config, path: [] });
  }
  return filled.map((part) => part.toString({ lineWidth: 0, directives: false })).join('---\n');
}

interface Place {
  readonly part: YamlDocument;
  readonly config: ConfigDocument;
  readonly path: readonly string[];
}

function mergeMap(target: Map, data: Map, place: Place): void {
  const there = new Map([...target.items].reverse().map((item) => [nameOf(item), item]));
  for (const item of data.items) {
    const name = nameOf(item);
    const inner = { ...place, path: [...place.path, name] };
    const fresh = (item.value ?? null) as Node | null;
    const pair = there.get(name);
    if (pair) mergePair(pair, fresh, inner);
    else {
      const added = place.part.createPair(item.key, fresh) as unknown as Pair<Node, Node | null>;
      target.items.push(added);
      there.set(name, added);
    }
  }
}

const nameOf = ({ key }: Pair<Node, Node | null>): string => String(isScalar(key) ? key.value : key);

function mergePair(pair: Pair<Node, Node | null>, fresh: Node | null, place: Place): void {
  const before = pair.value;
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

/**
 * Where a document uses aliases, each becomes a copy of its value: what it points to may change, or be in the other
 * document. Comments of such a document are lost. The library bounds how much the copies may grow.
 */
function resolveAliases(document: YamlDocument): void {
  let found = false;
  visit(document, { Alias: () => { found = true; return visit.BREAK; } });
  if (found) document.contents = document.createNode(document.toJS(), { aliasDuplicateObjects: false }) as YamlDocument['contents'];
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
