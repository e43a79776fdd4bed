const HIDDEN = '[redacted]';
/** Shorter words would hide half of every text and protect nothing. */
const SHORTEST = 3;
const SHORTEST_LINE = 12;

/**
 * A function that replaces secrets in a text. Of a secret with several lines each longer line counts for itself:
 * programs quote keys line by line.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const words = new Set<string>();
  for (const secret of secrets) {
    if (secret.length >= SHORTEST) words.add(secret);
    if (secret.trim().length >= SHORTEST) words.add(secret.trim());
    const lines = secret.split('\n');
    if (lines.length > 1) for (const line of lines) if (line.trim().length >= SHORTEST_LINE) words.add(line.trim());
  }
  // Longest first: a secret may be a part of another one.
  const ordered = [...words].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, word) => rest.replaceAll(word, HIDDEN), text);
}
