import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { ExecInput, HostResult } from '../../domain/on-hosts';
import { aCluster } from '../fixtures';
import { startsWithinMs, startTemporal, withTemporal } from './env';
import { FakeHosts } from './fake-hosts';

jest.setTimeout(90_000);

withTemporal('a command on hosts', () => {
  let env: TestWorkflowEnvironment;
  let hosts: FakeHosts;
  let worker: Worker;
  let serving: Promise<void>;
  const taskQueue = `test-${randomUUID()}`;

  beforeAll(async () => {
    env = await startTemporal();
    hosts = new FakeHosts();
    worker = await Worker.create({
      connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue, activities: hosts.activities(),
      workflowBundle: await bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR') }),
      maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms',
    });
    serving = worker.run();
  }, startsWithinMs);
  afterAll(async () => {
    worker?.shutdown();
    await serving;
    hosts?.remove();
    await env?.teardown();
  });

  const start = (count: number) => {
    const { hosts: all, credentials } = aCluster(1, count - 1);
    const input: ExecInput = { cluster: 'c', uid: 'u', operation: `exec-${randomUUID()}`, hosts: all, credentials, hostKeys: {}, strictHostKeys: false, command: 'sealed:v1:a:b:c:d', timeoutMs: 1000 };
    return env.client.workflow.start<(one: ExecInput) => Promise<HostResult[]>>('execCommand', { workflowId: `cluster/c/${input.operation}`, taskQueue, args: [input] });
  };

  test('one host that fails is its own result, the others go on, and it is not tried again', async () => {
    hosts.fail('execOnHost', '10.0.0.2', { type: 'Disconnected', message: 'the link broke' });
    const results = await (await start(3)).result();
    expect(results).toEqual([
      { host: '10.0.0.1', code: 0 }, { host: '10.0.0.2', problem: { type: 'Disconnected', message: 'the link broke' } }, { host: '10.0.0.3', code: 0 },
    ]);
    expect(hosts.calls().filter(({ on }) => on === '10.0.0.2')).toHaveLength(1);
    hosts.mend('execOnHost', '10.0.0.2');
  });

  test('more hosts than may be asked at once all get their turn', async () => {
    const results = await (await start(230)).result();
    expect(results.map(({ code }) => code)).toEqual(Array.from({ length: 230 }, () => 0));
  });

  test('a cancel ends when every host has ended, not at the first', async () => {
    hosts.hold('execOnHost', '10.0.0.1');
    hosts.hold('execOnHost', '10.0.0.2');
    const handle = await start(2);
    await Promise.all([hosts.reached('execOnHost', '10.0.0.1'), hosts.reached('execOnHost', '10.0.0.2')]);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    const { events = [] } = await handle.fetchHistory();
    expect(events?.filter(({ activityTaskCanceledEventAttributes: cancelled }) => cancelled)).toHaveLength(2);
  });
});
