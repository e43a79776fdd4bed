import { existsSync } from 'node:fs';
import { z } from 'zod';

/** What the Temporal worker takes from its environment. */
export interface WorkerConfig {
  /** Started by the CLI for the embedded server: this machine may be a member of a cluster, and no file of profiles counts. */
  readonly embedded: boolean;
  readonly logLevel: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** Activities at once, over all clusters. */
  readonly activities: number;
  /** Workflows that are kept in memory; two for each operation that runs. With more of them than this, tasks may get stuck in the SDK. */
  readonly workflows: number;
  /** Path of the workflows' bundle. */
  readonly bundle: string;
}

const whole = (fallback: number, least: number) => z.coerce.number().int().min(least).default(fallback);
const environment = z.object({
  KEELSON_EMBEDDED: z.enum(['0', '1']).default('0'),
  KEELSON_LOG_LEVEL: z.enum(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  KEELSON_ACTIVITIES: whole(100, 1),
  KEELSON_WORKFLOWS: whole(200, 2),
});

/** Reads the settings from the environment. Throws one Error that lists every problem. `bundle` is there after a build. */
export function readConfig(env: NodeJS.ProcessEnv, bundle: string): WorkerConfig {
  const read = environment.safeParse(env);
  const problems = read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  if (!existsSync(bundle)) problems.push(`${bundle} is missing: run \`make build\``);
  if (!read.success || problems.length > 0) throw new Error(`the Temporal worker cannot start:\n  ${problems.join('\n  ')}`);
  const { KEELSON_EMBEDDED, KEELSON_LOG_LEVEL, KEELSON_ACTIVITIES, KEELSON_WORKFLOWS } = read.data;
  return { embedded: KEELSON_EMBEDDED === '1', logLevel: KEELSON_LOG_LEVEL, activities: KEELSON_ACTIVITIES, workflows: KEELSON_WORKFLOWS, bundle };
}
