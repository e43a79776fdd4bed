import { DefaultLogger, type Logger } from '@temporalio/worker';
import type { WorkerConfig } from './config';

/** JSON lines on stderr: time, level, message, and what the SDK knows (workflow, activity, attempt). Secrets are blanked. */
export function createLogger(level: WorkerConfig['logLevel']): Logger {
  return new DefaultLogger(level, ({ level: of, timestampNanos, message, meta }) => {
    const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
    process.stderr.write(`${toLine({ time, level: of, message, ...meta })}\n`);
  });
}

/** One JSON line; errors as their stacks, sealed secrets and private keys blanked. */
export function toLine(entry: Record<string, unknown>): string {
  const text = JSON.stringify(entry, (_key, value: unknown) => {
    if (value instanceof Error) return value.stack ?? value.message;
    return typeof value === 'bigint' ? String(value) : value;
  });
  return text
    .replace(/sealed:v1:[^"\s\\]+/g, 'sealed:***')
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/gs, '***');
}
