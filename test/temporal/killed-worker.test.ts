import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { aCluster } from '../fixtures';
import { ClusterUnderTest, patiently } from './cluster-under-test';
import { startsWithinMs, startTemporal, withTemporal } from './env';
import { FakeHosts } from './fake-hosts';

const policy = { ...aCluster(1, 0).policy, parkRetry: { times: 0, firstMs: 1, factor: 1 } };

withTemporal('a Temporal worker that is killed', () => {
  let env: TestWorkflowEnvironment;
  let hosts: FakeHosts;
  let cluster: ClusterUnderTest;
  let worker: ChildProcess;
  let bundle: string;

  const start = (): ChildProcess =>
    spawn(process.execPath, ['-r', join(__dirname, 'typescript.js'), join(__dirname, 'worker-process.ts'), env.address, env.namespace ?? 'default', cluster.taskQueue, bundle, hosts.dir], { stdio: ['ignore', 'inherit', 'inherit'] });
  const kill = async (): Promise<void> => {
    const ended = once(worker, 'exit');
    worker.kill('SIGKILL');
    await ended;
  };

  beforeAll(async () => {
    hosts = new FakeHosts();
    bundle = join(hosts.dir, 'bundle.js');
    const [server, { code }] = await Promise.all([
      startTemporal(),
      bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR') }),
    ]);
    env = server;
    writeFileSync(bundle, code);
    cluster = new ClusterUnderTest(env.client, 'killed');
    worker = start();
  }, startsWithinMs);
  afterAll(async () => {
    if (worker?.exitCode === null && worker.signalCode === null) await kill();
    await env?.teardown();
    hosts.remove();
  });

  /** Until the operation does nothing but what is held: what has ended and is not reported yet would be done again, as it should. */
  const alone = async (): Promise<void> => {
    for (;;) {
      const { raw } = await patiently(() => cluster.operation('init-1').describe());
      if (raw.pendingActivities?.length === 1) return;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  };

  test('in the middle of init and again of a join: the next one goes on, and what was done is not done again', async () => {
    hosts.hold('initControlPlane', '10.0.0.1');
    hosts.hold('joinWorker', '10.0.0.3');
    await cluster.apply(aCluster(1, 2, { policy }));
    for (const [verb, host] of [['initControlPlane', '10.0.0.1'], ['joinWorker', '10.0.0.3']] as const) {
      await hosts.reached(verb, host);
      await alone();
      await kill();
      hosts.release(verb, host);
      worker = start();
    }
    expect(await cluster.end('init-1')).toEqual({ outcome: 'Success', message: '3 nodes Ready at v1.34.2' });

    const ends = hosts.calls('end').filter(({ verb }) => !['checkHost', 'preProcessImage'].includes(verb)).map(({ verb, on, attempt }) => `${verb} ${on} ${attempt}`);
    // The ones that were cut off had a second attempt, noticed by the silence of their heartbeats; all others had one.
    expect(ends).toEqual(expect.arrayContaining(['initControlPlane 10.0.0.1 2', 'joinWorker 10.0.0.3 2', 'mountRootfs 10.0.0.2 1']));
    const done = hosts.calls('end').filter(({ verb }) => ['initControlPlane', 'joinWorker', 'bootstrapHost', 'mountRootfs', 'mirrorRegistry'].includes(verb)).map(({ verb, on }) => `${verb} ${on}`);
    expect(done.length).toBe(new Set(done).size);
    expect(done).toHaveLength(10);
  }, 180_000);
});
