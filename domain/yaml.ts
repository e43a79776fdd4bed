import { type Document, type DocumentOptions, parseAllDocuments, type ParseOptions, type SchemaOptions } from 'yaml';

/** Far above any file that a person or an image writes; they end what would fill the memory or the stack. */
const largestText = 8 * 1024 * 1024;
const deepest = 100;

/** What is wrong with a text, or with what it stands for, in words; the caller knows whose text it is. */
export class YamlFault extends Error {}

/**
 * The documents of a YAML text from outside; [] for an empty one. What the library finds wrong stands in their `errors`;
 * throws YamlFault for a text that is too large or nested too deeply.
 */
export function readYaml(text: string, options: ParseOptions & DocumentOptions & SchemaOptions = {}): readonly Document.Parsed[] {
  if (text.length > largestText) throw new YamlFault(`it has more than ${largestText} characters`);
  try {
    // No pretty errors: they look for their line once for each error, which takes for ever where there are very many.
    const parsed = parseAllDocuments(text, { logLevel: 'error', prettyErrors: false, ...options });
    return 'empty' in parsed ? [] : parsed;
  } catch (error) {
    throw asFault(error);
  }
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
