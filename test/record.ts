import { appendFileSync } from 'node:fs';
import type { Executed } from './readme-commands';

/** What tests tell `make test` beside passed or failed; without it (one test by hand) nothing is written. */

const append = (file: string | undefined, entry: object): void => {
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
};

/** A command was executed: README.md may show it. */
export const recordCommand = (executed: Executed): void => append(process.env.KEELSON_COMMANDS, executed);

/** A figure that people want to see at the end of `make test`. */
export const recordFigure = (what: string, value: number | string, unit: string): void => append(process.env.KEELSON_FIGURES, { what, value, unit });
