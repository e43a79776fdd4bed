import { join } from 'node:path';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { createActivities } from '../../activities';
import { createRemote } from '../../activities/adapters/remote';
import { createRenderer } from '../../activities/render';
import { appendLog } from '../../home/logs';
import { homeDir } from '../../home/paths';
import { fleetImages, fleetRemote } from '../../testing';
import { serve } from '../../workers/serve';

/**
 * The product's Temporal worker with the hosts of a fleet, in a process of its own: it can be killed and paused. What it
 * takes comes from the environment, as for the real one: TEMPORAL_ADDRESS, KEELSON_HOME, and KEELSON_PATIENCE_MS.
 */
async function main(): Promise<void> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger, shutdownSignals: [], telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } } });
  const secrets = { open: (value: string) => value };
  const remote = fleetRemote(createRemote({ secrets }), { patienceMs: Number(process.env.KEELSON_PATIENCE_MS ?? Infinity) });
  const activities = createActivities({ remote, secrets, images: fleetImages(), renderer: createRenderer(), steadyMs: 500, log: (at, line) => appendLog(at, [line]) });
  await serve({ embedded: true, logLevel: 'ERROR', activities: 400, workflows: Number(process.env.KEELSON_WORKFLOWS ?? 1000), bundle: join(homeDir(), 'bundle.js') }, activities, logger);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
