import { Composer, type CST, type Document, type DocumentOptions, isNode, isScalar, Parser, type ParseOptions, type SchemaOptions, visit, YAMLParseError } from 'yaml';

/** Far above any file that a person or an image writes; they end what would fill the memory or the stack. */
const largestText = 8 * 1024 * 1024;
/** What nodes are made of: ends of lines, items, keys. Each node takes half a kilobyte, a document some, an error one. */
const mostMarks = 150_000;
const mark = /\n(?:---)?|[,[\]{}]|[-:?](?=\s)/g;
const deepest = 100;

/** What is wrong with a text, or with what it stands for, in words; the caller knows whose text it is. */
export class YamlFault extends Error {}

/**
 * The documents of a YAML text from outside; [] for an empty one. What the library finds wrong stands in their `errors`;
 * throws YamlFault for a text that is too large or nested too deeply.
 */
export function readYaml(text: string, options: ParseOptions & DocumentOptions & SchemaOptions = {}): readonly Document.Parsed[] {
  if (text.length > largestText) throw new YamlFault(`it has more than ${largestText} characters`);
  let marks = 0;
  for (const [{ length }] of text.matchAll(mark)) if ((marks += length > 1 ? 8 : 1) > mostMarks) throw new YamlFault('it has too many lines and values');
  try {
    // No pretty errors: they look for their line once for each error, which takes for ever where there are very many. So does
    // the library's comparison of each key with all before it.
    const tokens = [...new Parser(options.lineCounter?.addNewLine).parse(text)];
    refuseDeep(tokens);
    const parsed = [...new Composer({ logLevel: 'error', prettyErrors: false, ...options, uniqueKeys: false }).compose(tokens)] as Document.Parsed[];
    for (const document of parsed) markRepeated(document);
    return parsed;
  } catch (error) {
    throw asFault(error);
  }
}

/**
 * Throws YamlFault for what is nested too deeply, before the library goes through it by recursion: on a stack that is nearly full
 * the engine cannot compile a regular expression, and ends the process instead of throwing.
 */
function refuseDeep(tokens: readonly CST.Token[]): void {
  let level: readonly (CST.Token | null | undefined)[] = tokens;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest + 1) throw new YamlFault(`it is nested deeper than ${deepest}`);
    level = level.flatMap((token) => {
      if (!token) return [];
      if (token.type === 'document') return [token.value];
      return 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
    });
  }
}

/** A key that a map has twice is an error of its document, as the library says it by itself. */
function markRepeated(document: Document.Parsed): void {
  visit(document, {
    Map: (_at, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const at = isNode(key) ? (key.range?.[0] ?? 0) : 0;
        if (keys.has(key.value)) document.errors.push(new YAMLParseError([at, at + 1], 'DUPLICATE_KEY', 'Map keys must be unique'));
        keys.add(key.value);
      }
    },
  });
}

/** The first error of a document in words, with its line in the text; undefined when there is none. */
export function faultOf({ errors: [first] }: Pick<Document.Parsed, 'errors'>, text: string): string | undefined {
  return first && `${first.message} at line ${text.slice(0, first.pos[0]).split('\n').length}`;
}

/**
 * What a document without errors stands for. Throws YamlFault for an alias to nothing, for aliases that grow without end or
 * lead back to themselves, and for what is nested too deeply: everything that comes after may go through it by recursion.
 */
export function valueOf(document: Pick<Document.Parsed, 'toJS'>): unknown {
  try {
    const value: unknown = document.toJS();
    checkDepth(value, 0);
    return value;
  } catch (error) {
    throw asFault(error);
  }
}

/** What the only document of a text stands for; undefined for no text, for several documents, and for what is no YAML. */
export function onlyValueOf(text: string): unknown {
  try {
    const [document, second] = readYaml(text);
    return document && !second && document.errors.length === 0 ? valueOf(document) : undefined;
  } catch (error) {
    if (error instanceof YamlFault) return undefined;
    throw error;
  }
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > deepest) throw new YamlFault(`it is nested deeper than ${deepest}, or an alias leads back to itself`);
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}

/** The library throws many things late; a full stack is one of them. */
function asFault(error: unknown): YamlFault {
  if (error instanceof YamlFault) return error;
  if (error instanceof RangeError) return new YamlFault(`it is nested deeper than ${deepest}`);
  return new YamlFault(error instanceof Error ? error.message : String(error));
}
