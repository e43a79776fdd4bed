import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { exitCodeOf } from '../../client/exit-codes';
import { KeelsonClient } from '../../client/keelson-client';
import { aCluster } from '../fixtures';
import { startsWithinMs, startTemporal, withTemporal } from './env';

withTemporal('a server behind which no Temporal worker is', () => {
  let env: TestWorkflowEnvironment;
  let client: KeelsonClient;
  const home = mkdtempSync(join(tmpdir(), 'keelson-'));
  const before = process.env;
  beforeAll(async () => {
    process.env = { ...before, KEELSON_HOME: home };
    env = await startTemporal();
    client = await KeelsonClient.connect({ address: env.address, ...(env.namespace ? { namespace: env.namespace } : {}) });
  }, startsWithinMs);
  afterAll(async () => {
    await client?.close();
    await env?.teardown();
    process.env = before;
    rmSync(home, { recursive: true, force: true });
  });

  const running = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { workflowId } of env.client.workflow.list({ query: `ExecutionStatus = 'Running'` })) ids.push(workflowId);
    return ids;
  };

  test('plan and adopt end with its exit code, and leave nothing that would go on later', async () => {
    const spec = aCluster(1, 0);
    const ends = async (work: Promise<unknown>): Promise<void> => {
      const error = await work.then(() => undefined, (caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'TemporalUnavailable', message: expect.stringContaining('nobody answers') as string });
      expect(exitCodeOf(error)).toBe(5);
    };
    await Promise.all([ends(client.plan(spec)), ends(client.lookAtAdoption({ spec, ours: false, uid: 'u', hostKeys: {} }))]);
    // The list hears of an end a moment later.
    for (let open = await running(); open.length > 0; open = await running()) await new Promise((resolve) => { setTimeout(resolve, 100); });
  }, 90_000);
});
