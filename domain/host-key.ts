/**
 * A host key as specs have it, from what ssh-keyscan, ssh-keygen -l, known_hosts or our own messages print: `<type> <base64>`, or
 * `[<type> ]SHA256:<base64>` where only its fingerprint is named. Undefined for anything else.
 */
export function parseHostKey(text: string): string | undefined {
  const whole = /(?:^|\s)((?:ssh|ecdsa|sk)-\S+ AAAA[A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text)?.[1];
  const fingerprint = /(?:^|\s)(?:((?:ssh|ecdsa|sk)-\S+) )?(SHA256:[A-Za-z0-9+/]{43})(?:\s|$)/.exec(text);
  return whole ?? (fingerprint ? [fingerprint[1], fingerprint[2]].filter(Boolean).join(' ') : undefined);
}

const mark = '@revoked ';
/** A key that its host must not show, in a list of known ones. */
export const revoked = (key: string): string => `${mark}${key}`;
/** Those of a list that a host may show. */
export const welcomeKeys = (known: readonly string[]): string[] => known.filter((one) => !one.startsWith(mark));
/** Those that it must not show, as keys. */
export const revokedKeys = (known: readonly string[]): string[] => known.filter((one) => one.startsWith(mark)).map((one) => one.slice(mark.length));
