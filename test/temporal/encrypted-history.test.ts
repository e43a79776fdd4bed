import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { dataConverter, encryptedFailures } from '../../home/data-converter';
import { ensureKeys, rotateKey } from '../../home/key';
import { aCluster } from '../fixtures';
import { ClusterUnderTest, refusal } from './cluster-under-test';
import { startsWithinMs, startTemporal, withTemporal } from './env';
import { FakeHosts } from './fake-hosts';
import { readable } from './history';

const before = { ...process.env };
const spec = (more = {}) => aCluster(1, 1, { policy: { ...aCluster(1, 0).policy, noWait: true }, env: [{ name: 'inClear', value: 'canary-value' }], ...more });

withTemporal('a history that is encrypted as a whole', () => {
  let env: TestWorkflowEnvironment;
  let hosts: FakeHosts;
  let cluster: ClusterUnderTest;
  let worker: Worker;
  let serving: Promise<void>;
  let home: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'keelson-encrypted-'));
    process.env = { ...before, KEELSON_HOME: home };
    delete process.env['KEELSON_KEY_FILE'];
    ensureKeys();
    const failureConverterPath = require.resolve(encryptedFailures);
    const [server, workflowBundle] = await Promise.all([
      startTemporal(),
      bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR'), failureConverterPath }),
    ]);
    env = server;
    hosts = new FakeHosts();
    const converter = dataConverter(undefined, true);
    const namespace = env.namespace ?? 'default';
    cluster = new ClusterUnderTest(new Client({ connection: env.connection, namespace, dataConverter: converter }), `encrypted-${hosts.dir.slice(-6)}`);
    worker = await Worker.create({ connection: env.nativeConnection, namespace, taskQueue: cluster.taskQueue, workflowBundle, activities: hosts.activities(), dataConverter: converter });
    serving = worker.run();
  }, startsWithinMs);
  afterAll(async () => {
    await cluster?.entity.terminate('the test is over').catch(() => undefined);
    worker?.shutdown();
    await serving;
    await env?.teardown();
    hosts?.remove();
    process.env = before;
    rmSync(home, { recursive: true, force: true });
  });

  /** Everything in the server's own words: histories, memos, search attributes. Its client knows no codec. */
  async function inTheServer(workflowId: string): Promise<string> {
    const handle = env.client.workflow.getHandle(workflowId);
    return `${readable(await handle.fetchHistory())}\n${readable((await handle.describe()).raw)}`;
  }

  test('a cluster is made while the key is replaced, and nothing can be read in the server', async () => {
    hosts.hold('initControlPlane', '10.0.0.1');
    const { workflowId, operation } = await cluster.apply(spec());
    await hosts.reached('initControlPlane', '10.0.0.1');
    const { current } = await rotateKey({ now: '2026-01-01T00:00:00Z' });
    hosts.release('initControlPlane', '10.0.0.1');
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    await cluster.idle();
    const text = await inTheServer(workflowId);
    expect(text).toContain('binary/encrypted');
    expect(text).toContain(current.id);
    for (const plain of ['canary-value', '"hosts"', 'nodes Ready', 'MountRootfs on', 'sealed:']) expect(text).not.toContain(plain);
  }, 90_000);

  test('words of failures and refusals are encrypted, and the client reads them', async () => {
    hosts.fail('bootstrapHost', '10.0.0.3', { type: 'NeedsDecision', message: 'canary-failure', times: 1 });
    const grown = spec({ hosts: aCluster(1, 2).hosts });
    const { workflowId, operation } = await cluster.apply(grown);
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('canary-failure') as string });
    await cluster.idle();
    expect(await inTheServer(workflowId)).not.toContain('canary-failure');
    expect(await refusal(cluster.apply({ ...spec(), hosts: [] }))).toMatchObject({ type: 'InvalidSpec' });
  }, 90_000);
});
