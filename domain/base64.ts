import { utf8ToBytes } from '@noble/hashes/utils';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A text of very many small parts: all of them at once would take many times its memory. */
class Parts {
  private readonly whole: string[] = [];
  private parts: string[] = [];

  add(part: string): void {
    this.parts.push(part);
    if (this.parts.length < 4096) return;
    this.whole.push(this.parts.join(''));
    this.parts = [];
  }

  text(): string {
    return [...this.whole, ...this.parts].join('');
  }
}

/** Base64 of the text's UTF-8. By hand, since domain code runs where there is no Buffer, and btoa takes no UTF-8. */
export function encodeBase64(text: string): string {
  const bytes = utf8ToBytes(text);
  const groups = new Parts();
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b, c] = [bytes[at] ?? 0, bytes[at + 1], bytes[at + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    groups.add(letter(bits >> 18) + letter((bits >> 12) & 63) + (b === undefined ? '=' : letter((bits >> 6) & 63)) + (c === undefined ? '=' : letter(bits & 63)));
  }
  return groups.text();
}

const letter = (index: number): string => alphabet[index] ?? '';

/** Every byte as a URL has it. Made once: a text for each byte of a long text would fill the memory. */
const escapes = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).padStart(2, '0')}`);

/** The UTF-8 text of Base64 that a program has written; bytes that are no UTF-8 are shown as such. Throws for what is no Base64. */
export const textOfBase64 = (base64: string): string => new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));

/** The UTF-8 text of Base64 that a person may have written; undefined when it is not valid. */
export function decodeBase64(text: string): string | undefined {
  const clean = text.replace(/[\r\n]/g, '');
  if (clean.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) return undefined;
  const padding = clean.indexOf('=');
  const end = padding < 0 ? clean.length : padding;
  const escaped = new Parts();
  let bits = 0;
  let held = 0;
  for (let at = 0; at < end; at += 1) {
    bits = ((bits << 6) | alphabet.indexOf(clean.charAt(at))) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      escaped.add(escapes[(bits >> held) & 255] ?? '');
    }
  }
  try {
    return decodeURIComponent(escaped.text());
  } catch {
    return undefined; // the bytes are no UTF-8 text
  }
}
