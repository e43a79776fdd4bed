import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { type ClusterSpec, defaultPolicy, type JsonObject } from '../../domain/cluster';
import { aCluster } from '../fixtures';
import { ClusterUnderTest } from './cluster-under-test';
import { startsWithinMs, startTemporal, withTemporal } from './env';
import { FakeHosts } from './fake-hosts';

jest.setTimeout(90_000);

const [cp1, cp2, w1, w2, w3] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'] as const;
const spec = (kubelet?: JsonObject): ClusterSpec => aCluster(2, 3, {
  images: ['kubernetes', 'flannel', 'web'], policy: { ...defaultPolicy, parkRetry: { times: 0, firstMs: 1, factor: 1 } }, kubeadm: kubelet ? { kubelet } : {},
});

withTemporal('a change of settings', () => {
  let env: TestWorkflowEnvironment;
  let hosts: FakeHosts;
  let worker: Worker;
  let serving: Promise<void>;
  let cluster: ClusterUnderTest;

  beforeAll(async () => {
    env = await startTemporal();
    hosts = new FakeHosts();
    cluster = new ClusterUnderTest(env.client, `test-${hosts.dir.slice(-6)}`);
    worker = await Worker.create({
      connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue: cluster.taskQueue, activities: hosts.activities(),
      workflowBundle: await bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR') }),
      maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms',
    });
    serving = worker.run();
    expect(await cluster.converge(spec())).toMatchObject({ outcome: 'Success' });
  }, startsWithinMs);
  afterAll(async () => {
    await cluster?.entity.terminate('the test is over').catch(() => undefined);
    worker?.shutdown();
    await serving;
    hosts?.remove();
    await env?.teardown();
  });

  const calls = (from: number) => hosts.journal().slice(from).filter(({ verb }) => verb === 'applyKubeletSettings').map(({ on, at }) => `${on} ${at}`);
  const whole = (...of: string[]) => of.flatMap((host) => [`${host} begin`, `${host} end`]);

  test('of the kubelet goes leader first, control planes one by one, workers one by one; one that fails stops those after it', async () => {
    const from = hosts.journal().length;
    hosts.fail('applyKubeletSettings', w2, { type: 'RolledBack', message: `${w2} runs with its former kubelet settings again` });
    const { operation } = await cluster.apply(spec({ maxPods: 50 }));
    const { running } = await cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining(`Settings on ${w2}`) as string });
    expect(calls(from)).toEqual([...whole(cp1, cp2, w1), `${w2} begin`]);

    const parked = hosts.journal().length;
    hosts.mend('applyKubeletSettings', w2);
    await cluster.retry();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success', message: '5 nodes Ready at v1.34.2' });
    await cluster.idle();
    expect(calls(parked)).toEqual(whole(w2, w3));
  });

  test('is over: the same again is nothing to do', async () => {
    const before = hosts.changes();
    expect(await cluster.converge(spec({ maxPods: 50 }))).toMatchObject({ outcome: 'Success' });
    expect(hosts.changes()).toEqual(before);
  });
});
