import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkerOptions, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { ClusterUnderTest } from './cluster-under-test';
import { startsWithinMs, startTemporal, withTemporal } from './env';
import { FakeHosts } from './fake-hosts';

/** What a test of this tier stands on: a server, hosts that are files, a cluster, and a Temporal worker of their own. */
export interface Tier {
  readonly env: TestWorkflowEnvironment;
  readonly hosts: FakeHosts;
  readonly cluster: ClusterUnderTest;
  /** Starts the Temporal worker; the first one runs already. */
  serve(): Promise<void>;
  /** Ends the Temporal worker. */
  stop(): Promise<void>;
}

export interface TierOptions {
  /** A new cluster for each test, or one for all of them. */
  readonly per?: 'test' | 'file';
  readonly hosts?: () => FakeHosts;
  readonly worker?: Partial<WorkerOptions>;
  /** Takes what there is now, before each test or before the first. */
  given(tier: Tier): void;
}

/** `describe` for tests of clusters on a real server. */
export function withClusters(name: string, { per = 'test', hosts: newHosts = () => new FakeHosts(), worker: more = {}, given }: TierOptions, body: () => void): void {
  withTemporal(name, () => {
    let env: TestWorkflowEnvironment | undefined;
    let bundle: WorkflowBundleWithSourceMap;
    let tier: Tier | undefined;

    const start = async (): Promise<void> => {
      [env, bundle] = await Promise.all([
        startTemporal(),
        bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR') }),
      ]);
    };
    const begin = async (): Promise<void> => {
      if (!env) throw new Error('no Temporal server');
      tier = newTier(env, newHosts(), { workflowBundle: bundle, ...more });
      await tier.serve();
      given(tier);
    };
    const end = async (): Promise<void> => {
      await tier?.cluster.entity.terminate('the test is over').catch(() => undefined);
      await tier?.stop();
      tier?.hosts.remove();
    };

    beforeAll(start, startsWithinMs);
    if (per === 'test') {
      beforeEach(begin);
      afterEach(end);
    } else {
      beforeAll(begin, startsWithinMs);
      afterAll(end);
    }
    afterAll(() => env?.teardown());
    body();
  });
}

function newTier(env: TestWorkflowEnvironment, hosts: FakeHosts, options: Partial<WorkerOptions>): Tier {
  const cluster = new ClusterUnderTest(env.client, `test-${hosts.dir.slice(-6)}`);
  let worker: Worker | undefined;
  let serving: Promise<void> | undefined;
  return {
    env, hosts, cluster,
    async serve() {
      worker = await Worker.create({
        connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue: cluster.taskQueue, activities: hosts.activities(),
        // A cancel reaches an activity in the answer to a heartbeat.
        maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms', shutdownForceTime: '1s', ...options,
      });
      serving = worker.run();
    },
    async stop() {
      worker?.shutdown();
      // What was held is cut off.
      await serving?.catch(() => undefined);
      worker = undefined;
    },
  };
}
