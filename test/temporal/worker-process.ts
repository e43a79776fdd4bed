import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { FakeHosts } from './fake-hosts';

/** A Temporal worker in a process of its own, so that it can be killed. Arguments: address, namespace, task queue, bundle, folder of the fake hosts. */
async function main([address = '', namespace = '', taskQueue = '', codePath = '', dir = '']: readonly string[]): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } } });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection, namespace, taskQueue, workflowBundle: { codePath }, activities: new FakeHosts(dir).activities(),
    maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms',
  });
  process.on('SIGTERM', () => worker.shutdown());
  await worker.run();
  await connection.close();
}

main(process.argv.slice(2)).then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
