import { TemplateFault } from './error';
import { lex, type Piece, type Token } from './lex';

export type Operand =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'path'; readonly from: Operand; readonly names: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe };

/** Commands joined by `|`; each is a list of operands, the first one may be a function. */
export interface Pipe {
  readonly commands: readonly (readonly Operand[])[];
  /** `$x := ` or `$x = ` in front. */
  readonly variables: readonly string[];
  readonly declares: boolean;
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'print'; readonly pipe: Pipe } & Place)
  | ({ readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe; readonly body: readonly Node[]; readonly otherwise: readonly Node[] } & Place);

/** For errors: the action as it stands in the file. */
export interface Place {
  readonly line: number;
  readonly source: string;
}

/** Deeper nesting than any template has; it keeps the parser's and the renderer's recursion bounded. */
const deepest = 60;
const refused: Readonly<Record<string, string>> = {
  define: 'named templates are not supported', template: 'named templates are not supported', block: 'named templates are not supported',
  break: 'break and continue are not supported', continue: 'break and continue are not supported',
};

/** The tree of a template. Throws TemplateFault for everything outside the grammar. */
export function parse(source: string): Node[] {
  const reader = new Reader(lex(source));
  const nodes = reader.nodes(0, undefined);
  return nodes;
}

type Action = Extract<Piece, { kind: 'action' }>;

class Reader {
  private at = 0;
  /** The `else` or `end` that closed the list read last. */
  private closer: Action | undefined;

  constructor(private readonly pieces: readonly Piece[]) {}

  nodes(depth: number, opener: Action | undefined): Node[] {
    const found: Node[] = [];
    this.closer = undefined;
    for (let piece = this.pieces[this.at]; piece; piece = this.pieces[this.at]) {
      this.at += 1;
      if (piece.kind === 'text') {
        found.push({ kind: 'text', text: piece.text });
        continue;
      }
      const word = keyword(piece);
      if (word === 'end' || word === 'else') {
        if (!opener) throw fault(piece, `${word} without if, range or with`);
        this.closer = piece;
        return found;
      }
      found.push(this.node(piece, word, depth));
    }
    if (opener) throw fault(opener, 'there is no {{ end }} for this');
    return found;
  }

  private node(action: Action, word: string | undefined, depth: number): Node {
    if (depth > deepest) throw fault(action, `nested deeper than ${deepest}`);
    const place = { line: action.line, source: action.source };
    if (word === 'if' || word === 'with' || word === 'range') return this.block(action, word, action.tokens.slice(1), depth);
    if (word !== undefined && Object.hasOwn(refused, word)) throw fault(action, refused[word] ?? '');
    return { kind: 'print', pipe: parsePipe(action, action.tokens, false), ...place };
  }

  private block(action: Action, kind: 'if' | 'with' | 'range', tokens: readonly Token[], depth: number): Node {
    const pipe = parsePipe(action, tokens, kind === 'range');
    const body = this.nodes(depth + 1, action);
    let otherwise: Node[] = [];
    const closer = this.closer as Action;
    if (keyword(closer) === 'else') otherwise = this.alternative(action, kind, closer, depth);
    else onlyWord(closer);
    return { kind, pipe, body, otherwise, line: action.line, source: action.source };
  }

  /** What follows `else`: another if, whose `end` closes both, or a list. */
  private alternative(action: Action, kind: string, closer: Action, depth: number): Node[] {
    const next = closer.tokens[1];
    if (next?.kind === 'word' && next.text === 'if' && kind === 'if') {
      if (depth > deepest) throw fault(closer, `nested deeper than ${deepest}`);
      return [this.block(closer, 'if', closer.tokens.slice(2), depth + 1)];
    }
    onlyWord(closer);
    const nodes = this.nodes(depth + 1, action);
    if (!this.closer || keyword(this.closer) !== 'end') throw fault(closer, 'a second else');
    onlyWord(this.closer);
    return nodes;
  }
}

const fault = (action: Action, message: string): TemplateFault => new TemplateFault(action.line, message, action.source);
const keyword = (action: Action): string | undefined => (action.tokens[0]?.kind === 'word' ? action.tokens[0].text : undefined);
function onlyWord(action: Action): void {
  if (action.tokens.length > 1) throw fault(action, `nothing may follow ${keyword(action) ?? ''} here`);
}

function parsePipe(action: Action, tokens: readonly Token[], isRange: boolean): Pipe {
  let at = 0;
  const is = (text: string, offset = 0) => tokens[at + offset]?.kind === 'punctuation' && tokens[at + offset]?.text === text;

  const declaration = (): { variables: string[]; declares: boolean } => {
    const variables: string[] = [];
    const start = at;
    while (tokens[at]?.kind === 'variable' && tokens[at]?.text !== '') {
      variables.push(tokens[at]?.text ?? '');
      at += 1;
      if (is(':=') || is('=')) {
        const declares = is(':=');
        at += 1;
        return { variables, declares };
      }
      if (!isRange || variables.length > 1 || !is(',')) break;
      at += 1;
    }
    at = start;
    return { variables: [], declares: false };
  };

  const operand = (depth: number): Operand => {
    const token = tokens[at];
    if (!token) throw fault(action, 'a value is missing');
    at += 1;
    let result = simple(token, depth);
    const names: string[] = [];
    for (let next = tokens[at]; next?.kind === 'field' && next.glued; next = tokens[at]) {
      names.push(next.text);
      at += 1;
    }
    if (names.length === 0) return result;
    if (result.kind === 'value' || result.kind === 'call' || token.kind === 'dot') throw fault(action, `unexpected .${names[0] ?? ''}`);
    result = result.kind === 'path' ? { ...result, names: [...result.names, ...names] } : { kind: 'path', from: result, names };
    return result;
  };

  const simple = (token: Token, depth: number): Operand => {
    if (token.kind === 'string') return { kind: 'value', value: token.text };
    if (token.kind === 'number') return { kind: 'value', value: Number(token.text) };
    if (token.kind === 'dot') return { kind: 'dot' };
    if (token.kind === 'field') return { kind: 'path', from: { kind: 'dot' }, names: [token.text] };
    if (token.kind === 'variable') return { kind: 'variable', name: token.text };
    if (token.kind === 'word') return constants.get(token.text) ?? { kind: 'call', name: token.text };
    if (token.text !== '(') throw fault(action, `unexpected ${token.text}`);
    const pipe = commands(depth + 1);
    if (!is(')')) throw fault(action, 'a parenthesis is not closed');
    at += 1;
    return { kind: 'pipe', pipe: { commands: pipe, variables: [], declares: false } };
  };

  const commands = (depth: number): Operand[][] => {
    if (depth > deepest) throw fault(action, `nested deeper than ${deepest}`);
    const found: Operand[][] = [];
    for (;;) {
      const words: Operand[] = [];
      while (at < tokens.length && !is('|') && !is(')')) words.push(operand(depth));
      if (words.length === 0) throw fault(action, 'a value is missing');
      if (words.length > 1 && words[0]?.kind !== 'call') throw fault(action, 'only a function takes arguments');
      if (found.length > 0 && words[0]?.kind !== 'call') throw fault(action, 'only a function may follow |');
      found.push(words);
      if (!is('|')) return found;
      at += 1;
    }
  };

  const head = declaration();
  const result = { ...head, commands: commands(0) };
  if (at < tokens.length) throw fault(action, `unexpected ${tokens[at]?.text ?? ''}`);
  return result;
}

const constants = new Map<string, Operand>([
  ['true', { kind: 'value', value: true }], ['false', { kind: 'value', value: false }], ['nil', { kind: 'value', value: null }],
]);
