/** Rows with their cells below each other. */
export function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_cell, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ').trimEnd());
}

/** A message of several lines as a cell, or one line, bears it. */
export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' | ');
