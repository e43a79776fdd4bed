import { TemplateFault } from './error';

export type TokenKind = 'field' | 'dot' | 'variable' | 'word' | 'string' | 'number' | 'punctuation';
export interface Token {
  readonly kind: TokenKind;
  /** Names without their `.` or `$`; strings unescaped. */
  readonly text: string;
  /** No white space before it: `.a.b` is one path, `.a .b` two arguments. */
  readonly glued: boolean;
}

/** A template is text and actions by turns. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  | { readonly kind: 'action'; readonly source: string; readonly tokens: readonly Token[]; readonly line: number };

/** Far above any real template: each takes some hundred bytes, here and in the tree. */
const mostTokens = 100_000;

/** Splits a template at `{{ }}`, with Go's trim markers and comments done. Throws TemplateFault. */
export function lex(source: string): Piece[] {
  const pieces: Piece[] = [];
  let tokens = 0;
  let position = 0;
  let line = 1;
  let trimNext = false;
  while (position < source.length) {
    const open = source.indexOf('{{', position);
    const end = open < 0 ? source.length : open;
    const trimHere = open >= 0 && /^-\s/.test(source.slice(open + 2, open + 4));
    let text = source.slice(position, end);
    const textLine = line;
    line += lines(text);
    if (trimNext) text = text.replace(/^[ \t\r\n]+/, '');
    if (trimHere) text = trimEnd(text);
    if (text !== '') pieces.push({ kind: 'text', text, line: textLine });
    if (open < 0) break;
    const action = readAction(source, open, line);
    tokens += 1 + (action.tokens?.length ?? 0);
    if (tokens > mostTokens) throw new TemplateFault(line, `has more than ${mostTokens} words`);
    if (action.tokens) pieces.push({ kind: 'action', source: source.slice(open, action.end), tokens: action.tokens, line });
    line += lines(source.slice(open, action.end));
    trimNext = action.trim;
    position = action.end;
  }
  return pieces;
}

/** The line ends of a text. */
function lines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Spaces at the end, cut by hand: a pattern would take quadratic time on long runs of blanks. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text[end - 1] ?? '')) end -= 1;
  return text.slice(0, end);
}

/** One action from `{{` on; tokens are absent for a comment. */
function readAction(source: string, open: number, line: number): { tokens?: Token[]; end: number; trim: boolean } {
  let position = open + 2;
  if (/^-\s/.test(source.slice(position, position + 2))) position += 2;
  const comment = /^\s*\/\*/.exec(source.slice(position, position + 80));
  if (comment) {
    const close = source.indexOf('*/', position + comment[0].length);
    const tail = close < 0 ? undefined : /^(\s+-)?\}\}/.exec(source.slice(close + 2, close + 82));
    if (!tail) throw new TemplateFault(line, 'comment is not closed by */}}', source.slice(open, open + 40));
    return { end: close + 2 + tail[0].length, trim: tail[1] !== undefined };
  }
  const tokens: Token[] = [];
  for (;;) {
    const space = /^\s*/.exec(source.slice(position, position + 2000))?.[0] ?? '';
    position += space.length;
    const rest = source.slice(position, position + 2000);
    if (rest.startsWith('}}')) return { tokens, end: position + 2, trim: false };
    if (space !== '' && rest.startsWith('-}}')) return { tokens, end: position + 3, trim: true };
    if (rest === '') throw new TemplateFault(line, 'action is not closed by }}', source.slice(open, open + 40));
    // Counted only for a fault: for each word it would take quadratic time.
    const lineHere = (): number => line + lines(source.slice(open, position));
    if (tokens.length > mostTokens) throw new TemplateFault(line, `has more than ${mostTokens} words`, source.slice(open, open + 40));
    const { token, length } = readToken(source, position, lineHere);
    tokens.push({ ...token, glued: space === '' && tokens.length > 0 });
    position += length;
  }
}

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['field', /^\.([\p{L}_][\p{L}\p{N}_]*)/u],
  ['number', /^[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\p{L}\p{N}_.])/u],
  ['dot', /^(\.)(?![\p{L}\p{N}_])/u],
  ['variable', /^\$([\p{L}_][\p{L}\p{N}_]*)?/u],
  ['word', /^[\p{L}_][\p{L}\p{N}_]*/u],
  ['punctuation', /^(?::=|[=|(),])/],
];

function readToken(source: string, position: number, line: () => number): { token: Omit<Token, 'glued'>; length: number } {
  const first = source[position];
  if (first === '"' || first === '`') return readString(source, position, line, first);
  const rest = source.slice(position, position + 300);
  for (const [kind, pattern] of patterns) {
    const match = pattern.exec(rest);
    if (match) return { token: { kind, text: kind === 'variable' ? match[1] ?? '' : match[1] ?? match[0] }, length: match[0].length };
  }
  throw new TemplateFault(line(), 'this is no template grammar that Keelson knows', rest.slice(0, 30).split('\n')[0]);
}

function readString(source: string, position: number, line: () => number, quote: string): { token: Omit<Token, 'glued'>; length: number } {
  let end = position + 1;
  while (end < source.length && source[end] !== quote && !(quote === '"' && source[end] === '\n')) end += quote === '"' && source[end] === '\\' ? 2 : 1;
  if (source[end] !== quote) throw new TemplateFault(line(), 'string is not closed', source.slice(position, position + 40).split('\n')[0]);
  const inner = source.slice(position + 1, end);
  return { token: { kind: 'string', text: quote === '`' ? inner : unescape(inner, line) }, length: end + 1 - position };
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', '"': '"',
};

function unescape(text: string, line: () => number): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S]?)/g, (all: string, code: string) => {
    if (/^[xu]./.test(code)) return String.fromCharCode(parseInt(code.slice(1), 16));
    const char = escapes[code];
    if (char === undefined) throw new TemplateFault(line(), 'unknown escape in a string', all);
    return char;
  });
}
