import { Document, isScalar, isSeq, parseAllDocuments } from 'yaml';
import { isObject } from '../kubeadm/json';

export type Path = readonly (string | number)[];

/** One document of a file that is being edited. */
export interface Piece {
  document: Document;
  /** As it stands in the file, with the comment before it. */
  readonly source: string;
  changed: boolean;
  gone: boolean;
}

/** The documents of a file; those that are not touched come out as they came in. */
export class File {
  private readonly pieces: Piece[];

  constructor(text: string) {
    const parsed = parseAllDocuments(text, { logLevel: 'error', merge: true, prettyErrors: false });
    const documents = 'empty' in parsed ? [] : parsed;
    let from = 0;
    this.pieces = documents.map((document) => {
      const source = text.slice(from, document.range[2]);
      from = document.range[2];
      return { document, source, changed: false, gone: false };
    });
  }

  /** The last document that is so: of two that say the same the last one counts. */
  find(is: (value: Readonly<Record<string, unknown>>) => boolean): Piece | undefined {
    return this.pieces.filter((piece) => !piece.gone && is(fieldsOf(piece))).at(-1);
  }

  add(value: object): void {
    const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
    this.pieces.push({ document, source: '', changed: true, gone: false });
  }

  text(): string {
    let all = '';
    for (const { document, source, changed, gone } of this.pieces) {
      if (gone) continue;
      const piece = changed ? document.toString({ lineWidth: 0 }) : source;
      const opens = /^(?:[^\S\n]*(?:#.*|%.*)?\n)*---(?:\s|$)/.test(piece);
      if (all !== '' && !all.endsWith('\n')) all += '\n';
      all += all === '' || opens ? piece : `---\n${piece}`;
    }
    return all;
  }
}

/** The fields of a document; none where it is no map. */
export function fieldsOf({ document }: Piece): Readonly<Record<string, unknown>> {
  const value: unknown = document.toJS();
  return isObject(value) ? value : {};
}

/** A text in place of a text keeps the comment beside it. */
export function set(piece: Piece, path: Path, value: unknown): void {
  const there = piece.document.getIn(path, true);
  if (isScalar(there) && typeof value !== 'object') there.value = value;
  else piece.document.setIn(path, piece.document.createNode(value));
  piece.changed = true;
}

/** Takes a field away; does nothing where there is none. */
export function remove(piece: Piece, path: Path): void {
  if (piece.document.hasIn(path) && piece.document.deleteIn(path)) piece.changed = true;
}

/** The text of a single value; empty for anything else. */
export const textOf = (node: unknown): string => (isScalar(node) ? String(node.value) : '');

/** A list of texts: items keep their comments, new ones go where the wanted order has them. */
export function editList(piece: Piece, path: readonly string[], wanted: readonly string[]): void {
  const list = piece.document.getIn(path);
  if (!isSeq(list)) return set(piece, path, wanted);
  const left = [...list.items];
  list.items = wanted.map((text) => {
    const at = left.findIndex((item) => textOf(item) === text);
    return at < 0 ? piece.document.createNode(text) : left.splice(at, 1)[0];
  });
  piece.changed = true;
}

/** Whether a text is a secret that was sealed, by how it begins. */
export const isSealedText = (text: string): boolean => text.startsWith('sealed:');
