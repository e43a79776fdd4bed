import { join } from 'node:path';
import { Runtime } from '@temporalio/worker';
import { encryptsHistory } from '../home/history-codec';
import { compose } from './compose';
import { readConfig } from './config';
import { createLogger } from './logger';
import { outliveLostOutput } from './lost-output';
import { serve } from './serve';

/** The Temporal worker's program. */
async function main(): Promise<void> {
  outliveLostOutput();
  const config = readConfig(process.env, join(__dirname, '..', encryptsHistory() ? 'workflow-bundle-encrypted.js' : 'workflow-bundle.js'));
  const logger = createLogger(config.logLevel);
  // Signals are ours: the runtime's own handlers do not know that we may be waiting for a server.
  Runtime.install({ logger, shutdownSignals: [] });
  const { activities, close } = compose(config);
  try {
    await serve(config, activities, logger);
  } finally {
    await close();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
