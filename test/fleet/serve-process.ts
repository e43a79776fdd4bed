import { join } from 'node:path';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { appendLog } from '../../home/logs';
import { homeDir } from '../../home/paths';
import { createActivities, fleetDeps } from '../../testing';
import { serve } from '../../workers/serve';

/**
 * The product's Temporal worker with the hosts of a fleet, in a process of its own: it can be killed and paused. What it
 * takes comes from the environment, as for the real one: TEMPORAL_ADDRESS, KEELSON_HOME, KEELSON_ACTIVITIES, and KEELSON_PATIENCE_MS.
 */
async function main(): Promise<void> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger, shutdownSignals: [], telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } } });
  const activities = createActivities(fleetDeps({ patienceMs: Number(process.env.KEELSON_PATIENCE_MS ?? Infinity), log: (at, line) => appendLog(at, [line]) }));
  await serve({ embedded: true, logLevel: 'ERROR', activities: Number(process.env.KEELSON_ACTIVITIES ?? 400), workflows: Number(process.env.KEELSON_WORKFLOWS ?? 1000), bundle: join(homeDir(), 'bundle.js') }, activities, logger);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
