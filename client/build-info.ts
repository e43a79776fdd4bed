import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the compiled programs. */
export const programs = join(__dirname, '..');

export interface BuildInfo {
  readonly version: string;
  /** Hash over all that the Temporal worker runs. */
  readonly hash: string;
}

/** Which build this is; written by workers/bundle.ts. Throws an Error that says how to make one. */
export function readBuildInfo(): BuildInfo {
  const path = join(programs, 'build.json');
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BuildInfo;
  } catch (error) {
    throw new Error(`${path} cannot be read: this checkout is not built; run \`make build\``, { cause: error });
  }
}
