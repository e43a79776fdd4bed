import { appendFileSync } from 'node:fs';

/** Keeps a measured figure for the end of `make test`, and for docs/reliability.md. */
export function figure(name: string, value: string | number): void {
  if (process.env.KEELSON_FIGURES) appendFileSync(process.env.KEELSON_FIGURES, `${JSON.stringify({ name, value })}\n`);
}
