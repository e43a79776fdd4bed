import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { type Logger, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { dataConverter } from '../home/data-converter';
import { taskQueue } from '../workflows/messages';
import type { WorkerConfig } from './config';
import { heedPause } from './pause';

/**
 * Serves the task queue until SIGTERM or SIGINT; then it finishes or hands back what runs. A server that is away is
 * waited for, however long: a restart of the server must not end the Temporal worker. Throws what waiting cannot mend.
 */
export async function serve(config: WorkerConfig, activities: object, logger: Logger): Promise<void> {
  let worker: Worker | undefined;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Without a worker we wait for a server; nothing is lost by going at once.
    if (worker) worker.shutdown();
    else process.exit(0);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);

  for (let failures = 0; !stopping; ) {
    let connection: NativeConnection | undefined;
    try {
      const { connectionOptions, namespace } = loadClientConnectConfig({ disableFile: config.embedded });
      connection = await NativeConnection.connect(connectionOptions);
      worker = await Worker.create(optionsFor(config, { connection, namespace: namespace ?? 'default', activities }));
      logger.info('serving', { taskQueue, address: connectionOptions.address, namespace });
      failures = 0;
      await worker.run();
    } catch (error) {
      if (stopping || isOurs(error)) throw error;
      failures += 1;
      logger.warn('the Temporal server is away; trying again', { error });
      await sleep(Math.min(250 * 2 ** failures, 5_000));
    } finally {
      worker = undefined;
      // A connection of a failed worker may refuse to close: it goes with the process.
      await connection?.close().catch((error: unknown) => logger.warn('the connection did not close', { error }));
    }
  }
}

/** A bug or a damaged build; no server can be the cause. */
const isOurs = (error: unknown): boolean => error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError;

/**
 * A workflow that is cut off in its work (after 5 s where nothing is said) may take the whole process with it: "async hook stack has
 * become corrupted". For hundreds of hosts, on a machine without a free core, so long is nothing. The option has no type in the SDK.
 */
const patience: object = { isolateExecutionTimeout: '2m' };

function optionsFor(config: WorkerConfig, rest: { connection: NativeConnection; namespace: string; activities: object }): WorkerOptions {
  return {
    ...rest,
    taskQueue,
    workflowBundle: { codePath: config.bundle },
    dataConverter: dataConverter(),
    interceptors: { activity: [heedPause] },
    identity: `keelson@${hostname()}#${process.pid}`,
    maxCachedWorkflows: config.workflows,
    // A query goes to the Temporal worker that knew the workflow last, and only after this to any other: below a client's 5 s,
    // or nobody would answer for a cluster at rest whose Temporal worker was killed.
    stickyQueueScheduleToStartTimeout: '2s',
    ...patience,
    maxConcurrentWorkflowTaskPolls: 2,
    maxConcurrentActivityTaskPolls: 2,
    maxConcurrentActivityTaskExecutions: config.activities,
    // Cancellation reaches an activity in the answer to a heartbeat, and progress is read from them.
    maxHeartbeatThrottleInterval: '3s',
    defaultHeartbeatThrottleInterval: '3s',
    shutdownGraceTime: '10s',
    shutdownForceTime: '20s',
  };
}
