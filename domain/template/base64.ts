import { utf8ToBytes } from '@noble/hashes/utils';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of the text's UTF-8. By hand, since domain code runs where there is neither Buffer nor btoa. */
export function encodeBase64(text: string): string {
  const bytes = utf8ToBytes(text);
  let result = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const letters = [bits >> 18, (bits >> 12) & 63, (bits >> 6) & 63, bits & 63].map((index) => alphabet[index]);
    result += letters.slice(0, b === undefined ? 2 : c === undefined ? 3 : 4).join('').padEnd(4, '=');
  }
  return result;
}

/** The UTF-8 text of Base64; undefined when it is not valid. */
export function decodeBase64(text: string): string | undefined {
  const clean = text.replace(/[\r\n]/g, '');
  if (clean.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) return undefined;
  const letters = clean.replace(/=+$/, '');
  let escaped = '';
  let bits = 0;
  let held = 0;
  for (const letter of letters) {
    bits = ((bits << 6) | alphabet.indexOf(letter)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      escaped += `%${((bits >> held) & 255).toString(16).padStart(2, '0')}`;
    }
  }
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined; // the bytes are no UTF-8 text
  }
}
