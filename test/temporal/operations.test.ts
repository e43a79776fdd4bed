import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { ClusterSpec, Policy } from '../../domain/cluster';
import { stageNames } from '../../domain/stages';
import type { Plan } from '../../domain/plan';
import { OperationHandle } from '../../client/operation';
import { aCluster } from '../fixtures';
import { ClusterUnderTest, refusal } from './cluster-under-test';
import { startsWithinMs, startTemporal, withTemporal } from './env';
import { FakeHosts } from './fake-hosts';
import { detailsOf, recordHistory, summariesOf } from './history';

const cp = '10.0.0.1';
const [w1, w2] = ['10.0.0.2', '10.0.0.3'];

/** No timer retries unless a test asks for them: a parked operation then waits for a person. */
const policy = (more: Partial<Policy> = {}): Policy => ({ ...aCluster(1, 0).policy, parkRetry: { times: 0, firstMs: 100, factor: 1 }, ...more });
const spec = (more: Partial<ClusterSpec> = {}): ClusterSpec => aCluster(1, 2, { policy: policy(), ...more });

// A machine under load is slow, and slow is not wrong.
jest.setTimeout(90_000);

withTemporal('operations', () => {
  let env: TestWorkflowEnvironment;
  let bundle: WorkflowBundleWithSourceMap;
  let hosts: FakeHosts;
  let cluster: ClusterUnderTest;
  let worker: Worker;
  let serving: Promise<void>;

  beforeAll(async () => {
    [env, bundle] = await Promise.all([
      startTemporal(),
      bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger: new DefaultLogger('ERROR') }),
    ]);
  }, startsWithinMs);
  afterAll(() => env?.teardown());

  beforeEach(async () => {
    hosts = new FakeHosts();
    cluster = new ClusterUnderTest(env.client, `test-${hosts.dir.slice(-6)}`);
    worker = await Worker.create({
      connection: env.nativeConnection, namespace: env.namespace ?? 'default', taskQueue: cluster.taskQueue, workflowBundle: bundle, activities: hosts.activities(),
      // A cancel reaches an activity in the answer to a heartbeat.
      maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms',
      // With 0 every task replays from the beginning: what is not deterministic shows at once, and it takes twice as long.
      maxCachedWorkflows: process.env.KEELSON_TEST_ALL ? 0 : 100,
    });
    serving = worker.run();
  });
  afterEach(async () => {
    await cluster.entity.terminate('the test is over').catch(() => undefined);
    worker.shutdown();
    await serving;
    hosts.remove();
  });

  describe('a first apply', () => {
    test('that has ended before anybody looked is followed to its end all the same', async () => {
      const { operation } = await cluster.converge(spec());
      const seen: string[] = [];
      const end = await new OperationHandle(env.client, `cluster/${cluster.name}/${operation}`, true).follow({ onStatus: ({ phase }) => seen.push(phase) });
      expect(end).toMatchObject({ outcome: 'Success' });
      expect(seen).toHaveLength(1);
    });

    test('runs every stage that a new cluster needs and ends with a ready cluster', async () => {
      const accepted = await cluster.apply(spec());
      expect(accepted).toEqual({ operation: 'init-1', workflowId: `cluster/${cluster.name}/init-1`, attached: false });
      expect(await cluster.end('init-1')).toEqual({ outcome: 'Success', message: '3 nodes Ready at v1.34.2' });

      // The operation has ended: its status is still answered.
      const status = await cluster.status('init-1');
      expect(status.phase).toBe('ClusterSuccess');
      expect(status.endedAt).toBeDefined();
      expect(Object.fromEntries(status.conditions.map(({ type, status: is }) => [type, is])))
        .toEqual({ ...Object.fromEntries(stageNames.filter((name) => !['ConfirmOverrideApps', 'Upgrade', 'Settings', 'Remove'].includes(name)).map((name) => [name, 'True'])), Ready: 'True', ApplyClusterSuccess: 'True' });
      for (const stage of status.stages) expect(stage.jobs.map(({ state }) => state)).toEqual(stage.jobs.map(() => 'done'));

      // One activity per stage and host; then one more look, which found nothing left to do.
      expect(hosts.changes().sort()).toEqual([
        `bootstrapHost ${cp}`, `bootstrapHost ${w1}`, `bootstrapHost ${w2}`, `initControlPlane ${cp}`, `joinWorker ${w1}`, `joinWorker ${w2}`,
        `mirrorRegistry ${cp}`, `mountRootfs ${cp}`, `mountRootfs ${w1}`, `mountRootfs ${w2}`, `runGuest ${cp}`, `runGuest ${cp}`,
      ]);
      const story = hosts.story();
      expect(story.slice(-1)).toEqual(['observeCluster all']);
      expect(story.filter((call) => call === `verifyCluster ${cp}`)).toHaveLength(1);

      const view = await cluster.idle();
      expect(view).toMatchObject({ phase: 'ClusterSuccess', leader: cp, hostKeys: { [w2!]: `ssh-ed25519 ${w2}` }, log: [{ operation: 'init-1', outcome: 'Success', by: 'ana@laptop' }] });
      await recordHistory(env.client, 'init', cluster.operation('init-1').workflowId);
    });

    test('uses an image once that is named twice, by one name or by two', async () => {
      hosts.alias('web:latest', 'web');
      const long = (end: string) => `registry.example.com/${'a'.repeat(200)}/${end}`;
      for (const end of ['web', 'flannel']) hosts.alias(long(end), end);
      expect(await cluster.converge(spec({ images: ['kubernetes', 'flannel', 'web', 'web', 'web:latest', long('web'), long('flannel')] }))).toMatchObject({ outcome: 'Success' });
      expect(hosts.changes().filter((one) => one.startsWith('runGuest'))).toEqual([`runGuest ${cp}`, `runGuest ${cp}`]);
      expect((await cluster.view()).images.map(({ ref }) => ref)).toEqual(['kubernetes', 'flannel', 'web']);
    });

    test('of three control planes joins them one at a time', async () => {
      await cluster.converge(aCluster(3, 1, { policy: policy() }));
      const joins = hosts.journal().filter(({ verb }) => verb === 'joinControlPlane').map(({ on, at }) => `${on} ${at}`);
      expect(joins).toEqual(['10.0.0.2 begin', '10.0.0.2 end', '10.0.0.3 begin', '10.0.0.3 end']);
    });

    test('shows every piece of work in words', async () => {
      const { operation } = await cluster.converge(spec());
      const summaries = await summariesOf(env.client, cluster.operation(operation).workflowId);
      expect(summaries).toEqual(expect.arrayContaining([
        `Check ${cp}`, 'PreProcess flannel', `MountRootfs on worker ${w1}: kubernetes`, `Init on control plane ${cp}: there is no control plane yet`,
        `Join on worker ${w2}: joins as worker`, `RunGuest on control plane ${cp}: flannel: 1 command`,
      ]));
      expect(summaries.filter((one) => one === '' || one.length > 200)).toEqual([]);
      expect(await detailsOf(env.client, cluster.operation(operation).workflowId)).toContain(`| Join | ✔ ${w1} ✔ ${w2} |`);
    });
  });

  describe('the same spec again', () => {
    test('is a reconcile that has nothing to do', async () => {
      await cluster.converge(spec());
      const before = hosts.changes();
      expect(await cluster.converge(spec())).toMatchObject({ operation: 'reconcile-2', outcome: 'Success' });
      expect(await cluster.status('reconcile-2')).toMatchObject({ planned: 0, phase: 'ClusterSuccess' });
      expect(hosts.changes()).toEqual(before);
      await recordHistory(env.client, 'reconcile-nothing', cluster.operation('reconcile-2').workflowId);
    });

    test('does again what has gone from a host, and only that', async () => {
      await cluster.converge(spec());
      hosts.clear(w2!);
      const before = hosts.changes().length;
      await cluster.converge(spec());
      expect(hosts.changes().slice(before)).toEqual([`mountRootfs ${w2}`, `bootstrapHost ${w2}`, `joinWorker ${w2}`]);
    });

    test('with one more host joins that host', async () => {
      await cluster.converge(spec());
      const before = hosts.changes().length;
      expect(await cluster.converge(aCluster(1, 3, { policy: policy() }))).toMatchObject({ outcome: 'Success', message: '4 nodes Ready at v1.34.2' });
      expect(hosts.changes().slice(before)).toEqual(['mountRootfs 10.0.0.4', 'bootstrapHost 10.0.0.4', 'joinWorker 10.0.0.4']);
    });
  });

  test('a dry run is the plan that then runs, and changes nothing', async () => {
    const named = { ...spec(), name: cluster.name };
    const preview = await env.client.workflow.execute<(input: { spec: ClusterSpec }) => Promise<Plan>>('previewPlan', {
      workflowId: `cluster/${cluster.name}/plan-1`, taskQueue: cluster.taskQueue, args: [{ spec: named }],
    });
    expect(hosts.changes()).toEqual([]);
    await cluster.converge(spec());
    expect(await cluster.status('init-1')).toMatchObject({ planned: preview.jobs.length, planHash: preview.hash });
  });

  describe('while an operation runs', () => {
    beforeEach(async () => {
      hosts.hold('bootstrapHost', w1!);
      await cluster.apply(spec());
      await hosts.reached('bootstrapHost', w1!);
    });

    test('its status says what runs and what waits for what', async () => {
      const status = await cluster.status('init-1');
      const jobs = Object.fromEntries(status.stages.flatMap(({ name, jobs: all }) => all.map(({ host, state, reason }) => [`${name} ${host ?? ''}`, `${state}${reason ? `: ${reason}` : ''}`])));
      expect(jobs).toMatchObject({ [`Bootstrap ${w1}`]: 'running', [`Join ${w1}`]: 'waiting: Bootstrap of this host' });
      expect(status.phase).toBe('ClusterInProcess');
      expect(await detailsOf(env.client, cluster.operation('init-1').workflowId)).toContain(`▶ ${w1}`);
    });

    test('another spec is refused with who and since when, and leaves no event', async () => {
      const { running } = await cluster.view();
      const events = async () => (await cluster.entity.fetchHistory()).events?.filter(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted).length;
      expect(await events()).toBe(1);
      const { type, message } = await refusal(cluster.apply(aCluster(1, 1), { by: 'bo@desk' }));
      expect(type).toBe('ClusterBusy');
      expect(message).toContain(`init-1 of ana@laptop runs since ${running?.at}`);
      expect(await events()).toBe(1);
    });

    test('the same spec joins it', async () => {
      expect(await cluster.apply(spec(), { by: 'bo@desk' })).toEqual({ operation: 'init-1', workflowId: `cluster/${cluster.name}/init-1`, attached: true });
      hosts.release('bootstrapHost', w1!);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect((await cluster.idle()).log.map(({ operation }) => operation)).toEqual(['init-1']);
    });

    test('a reset is refused', async () => {
      expect(await refusal(cluster.reset())).toMatchObject({ type: 'ClusterBusy' });
    });

    test('a retry is refused: nothing waits', async () => {
      expect(await refusal(cluster.retry())).toMatchObject({ type: 'InvalidSpec' });
    });

    test('a cancel ends it: who has joined stays, what was half is taken back, and the next apply goes on from there', async () => {
      while (!hosts.done(w2!).some((mark) => mark.startsWith('join:'))) await new Promise((resolve) => setTimeout(resolve, 20));
      await cluster.cancel();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
      const view = await cluster.idle();
      expect(view.log).toMatchObject([{ operation: 'init-1', outcome: 'Cancelled', message: `cancelled by bo@desk: second thoughts; taken back: ${w1}` }]);
      await recordHistory(env.client, 'cancelled', cluster.operation('init-1').workflowId);

      hosts.release('bootstrapHost', w1!);
      const mounts = () => hosts.calls('end').filter(({ verb }) => verb === 'mountRootfs').length;
      expect(mounts()).toBe(3);
      expect([hosts.claimed(cp), hosts.claimed(w1!), hosts.claimed(w2!)]).toEqual([true, false, true]);
      expect(await cluster.converge(spec())).toMatchObject({ operation: 'init-2', outcome: 'Success' });
      expect(hosts.changes().filter((one) => one.endsWith(w1!))).toEqual([
        `mountRootfs ${w1}`, `bootstrapHost ${w1}`, `resetHost ${w1}`, `mountRootfs ${w1}`, `bootstrapHost ${w1}`, `joinWorker ${w1}`,
      ]);
      expect(mounts()).toBe(4);
    });
  });

  describe('the same request twice', () => {
    test('is one operation, also after it has ended and the entity went on as a new run', async () => {
      const first = await cluster.apply(spec(), { requestId: 'once' });
      await cluster.end('init-1');
      const { runId } = await cluster.entity.describe();
      await cluster.idle();
      const second = await cluster.apply(spec(), { requestId: 'once' });
      expect(second).toEqual(first);
      expect((await cluster.view()).log.map(({ operation }) => operation)).toEqual(['init-1']);
      // The server knows update ids for one run only: it is the entity that remembered.
      await cluster.converge(spec());
      while ((await cluster.entity.describe()).runId === runId) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await cluster.apply(spec(), { requestId: 'once' })).toEqual(first);
    });
  });

  describe('before the first change', () => {
    test('the problems of all hosts and images come in one report, and nothing was changed', async () => {
      hosts.fail('checkHost', w1!, { type: 'HostUnreachable', message: 'connect ECONNREFUSED' });
      hosts.fail('checkHost', w2!, { type: 'AuthenticationFailed', message: 'the password was refused' });
      const ended = await cluster.converge(spec({ images: ['kubernetes', 'flannel', 'nothing:v1'] }));
      expect(ended).toMatchObject({ outcome: 'Failed', type: 'PreflightFailed', message: expect.stringContaining('3 errors') });
      for (const words of [w1!, 'connect ECONNREFUSED', w2!, 'the password was refused', 'there is no image nothing:v1']) expect(ended.message).toContain(words);
      expect(new Set(hosts.calls().map(({ verb }) => verb))).toEqual(new Set(['checkHost', 'preProcessImage']));
      expect(await cluster.status('init-1')).toMatchObject({ phase: 'ClusterFailed' });
      expect((await cluster.view()).conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'False', reason: 'PreflightFailed' })]));
      await recordHistory(env.client, 'preflight', cluster.operation('init-1').workflowId);
    });

    test('an image whose registry falls silent is not said to be wrong', async () => {
      hosts.fail('preProcessImage', 'flannel', { type: 'CommandTimedOut', message: 'its source has sent nothing for 120 s' });
      const ended = await cluster.converge(spec({ images: ['kubernetes', 'flannel'] }));
      expect(ended).toMatchObject({ outcome: 'Failed', type: 'PreflightFailed', message: expect.stringMatching(/sent nothing for 120 s.*see whether its registry answers/s) as string });
      expect(ended.message).not.toContain('name an image that exists');
    });
  });

  describe('a worker that fails', () => {
    beforeEach(() => hosts.fail('joinWorker', w1!, { message: 'kubeadm join exited 1' }));

    test('parks the operation with its reason; the other hosts finish; retry does only what is left (peers.md #11)', async () => {
      await cluster.apply(spec());
      const { running } = await cluster.parked();
      expect(running?.waiting).toMatchObject({ reason: 'CommandFailed', message: `Join on ${w1}: kubeadm join exited 1` });
      expect(running?.waiting).toMatchObject({ looks: true });
      expect(hosts.calls('end').filter(({ verb }) => ['joinWorker', 'runGuest'].includes(verb)).map(({ verb, on }) => `${verb} ${on}`).sort())
        .toEqual([`joinWorker ${w2}`, `runGuest ${cp}`, `runGuest ${cp}`]);
      const status = await cluster.status('init-1');
      expect(status.waiting).toMatchObject({ reason: 'CommandFailed' });
      expect(status.conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'Join', status: 'False', reason: 'CommandFailed', message: `${w1}: kubeadm join exited 1` })]));
      expect(await detailsOf(env.client, cluster.operation('init-1').workflowId)).toContain('**Waits** since');

      hosts.mend('joinWorker', w1!);
      const before = hosts.changes().length;
      await cluster.retry();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.changes().slice(before)).toEqual([`joinWorker ${w1}`]);
      await recordHistory(env.client, 'parked-and-retried', cluster.operation('init-1').workflowId);
    });

    test('is tried again by the same command as well, which joins the operation', async () => {
      await cluster.apply(spec());
      await cluster.parked();
      hosts.mend('joinWorker', w1!);
      expect(await cluster.apply(spec(), { by: 'bo@desk' })).toMatchObject({ operation: 'init-1', attached: true });
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    });

    test('and once more when the command came while it was being tried again: what a person has mended since counts', async () => {
      await cluster.apply(spec());
      await cluster.parked();
      hosts.hold('joinWorker', w1!);
      await cluster.retry();
      await cluster.until(({ running }) => running?.waiting === undefined);
      await hosts.reached('joinWorker', w1!);
      await cluster.apply(spec(), { by: 'bo@desk' });
      hosts.fail('joinWorker', w1!, { times: 1 });
      hosts.release('joinWorker', w1!);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    });

    test('is tried again by itself where the policy says so', async () => {
      hosts.fail('joinWorker', w1!, { times: 2 });
      await cluster.apply(spec({ policy: policy({ parkRetry: { times: 3, firstMs: 300, factor: 1.5 } }) }));
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.calls().filter(({ verb, on }) => verb === 'joinWorker' && on === w1)).toHaveLength(3);
      expect(hosts.calls().filter(({ verb, on }) => verb === 'joinWorker' && on === w2)).toHaveLength(1);
      await recordHistory(env.client, 'timer-retry', cluster.operation('init-1').workflowId);
    });

    test('says when it will be tried again', async () => {
      await cluster.apply(spec({ policy: policy({ parkRetry: { times: 1, firstMs: 60_000, factor: 1 } }) }));
      const { running } = await cluster.parked();
      const { since = '', nextCheckAt = '' } = running?.waiting ?? {};
      expect(Date.parse(nextCheckAt) - Date.parse(since)).toBe(60_000);
    });

    test('is not tried again by itself when only a person can mend it', async () => {
      hosts.fail('joinWorker', w1!, { type: 'AuthenticationFailed', message: 'the password was refused' });
      await cluster.apply(spec({ policy: policy({ parkRetry: { times: 5, firstMs: 1, factor: 1 }, parkLook: { firstMs: 1, maxMs: 1 } }) }));
      const { running } = await cluster.parked();
      expect(running?.waiting?.nextCheckAt).toBeUndefined();
      const looks = () => hosts.calls().filter(({ verb }) => verb === 'checkHost').length;
      const before = looks();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(looks()).toBe(before);
      expect(hosts.calls().filter(({ verb, on }) => verb === 'joinWorker' && on === w1)).toHaveLength(1);
    });

    test('is looked at when no try is left, and tried again when it can be reached again', async () => {
      hosts.hold('joinWorker', w1!);
      await cluster.apply(spec({ policy: policy({ parkLook: { firstMs: 50, maxMs: 200 } }) }));
      await hosts.reached('joinWorker', w1!);
      for (const verb of ['joinWorker', 'checkHost'] as const) hosts.fail(verb, w1!, { type: 'HostUnreachable', message: 'no route to host' });
      hosts.release('joinWorker', w1!);
      const { running } = await cluster.parked();
      expect(running?.waiting).toMatchObject({ reason: 'HostUnreachable', looks: true });
      const calls = (of: string) => hosts.calls().filter(({ verb, on }) => verb === of && on === w1).length;
      const before = calls('checkHost');
      while (calls('checkHost') < before + 3) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(calls('joinWorker')).toBe(1);
      expect(await cluster.status('init-1')).toMatchObject({ waiting: { since: running?.waiting?.since } });
      for (const verb of ['joinWorker', 'checkHost'] as const) hosts.mend(verb, w1!);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect((await cluster.idle()).acts.map(({ what }) => what)).toEqual(['apply']);
    });

    test('ends the operation where nobody waits, and the cluster can be applied again', async () => {
      const ended = await cluster.converge(spec({ policy: policy({ noWait: true }) }));
      expect(ended).toEqual({ operation: 'init-1', outcome: 'Failed', type: 'StageFailed', message: `Join on ${w1}: kubeadm join exited 1` });
      expect((await cluster.view()).phase).toBe('ClusterFailed');
      hosts.mend('joinWorker', w1!);
      const before = hosts.changes().length;
      expect(await cluster.converge(spec())).toMatchObject({ operation: 'init-2', outcome: 'Success' });
      expect(hosts.changes().slice(before)).toEqual([`joinWorker ${w1}`]);
    });

    test('waits for nobody once it is cancelled, while it takes back what is half', async () => {
      await cluster.apply(spec());
      await cluster.parked();
      hosts.hold('resetHost', w1!);
      await cluster.cancel();
      await hosts.reached('resetHost', w1!);
      expect((await cluster.status('init-1')).waiting).toBeUndefined();
      expect((await cluster.until(({ running }) => running?.ends !== undefined)).running).not.toHaveProperty('waiting');
      hosts.release('resetHost', w1!);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
    });

    test('makes way for a reset', async () => {
      await cluster.apply(spec());
      await cluster.parked();
      expect(await cluster.reset()).toMatchObject({ operation: 'reset-2', attached: false });
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
      expect(await cluster.end('reset-2')).toEqual({ outcome: 'Success', message: '3 of 3 hosts are bare' });
    });
  });

  test('a control plane that fails keeps the next one out, and no worker', async () => {
    hosts.fail('joinControlPlane', '10.0.0.2');
    await cluster.apply(aCluster(3, 1, { policy: policy() }));
    await cluster.parked();
    expect(hosts.calls().filter(({ verb }) => verb.startsWith('join')).map(({ on }) => on).sort()).toEqual(['10.0.0.2', '10.0.0.4']);
    const join = (await cluster.status('init-1')).stages.find(({ name }) => name === 'Join');
    expect(join?.jobs.find(({ host }) => host === '10.0.0.3')).toMatchObject({ state: 'blocked' });
  });

  test('a cluster that is not whole parks at the end', async () => {
    hosts.fail('verifyCluster', cp, { type: 'CommandTimedOut', message: `${w2} is not Ready` });
    await cluster.apply(spec());
    expect((await cluster.parked()).running?.waiting?.message).toContain(`${w2} is not Ready`);
    hosts.mend('verifyCluster', cp);
    await cluster.retry();
    expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
  });

  test('a host that is away when the work is done parks the operation; what was done stays done', async () => {
    hosts.hold('runGuest', cp);
    await cluster.apply(spec());
    await hosts.reached('runGuest', cp);
    hosts.fail('checkHost', w2!, { type: 'HostUnreachable', message: 'no route to host' });
    hosts.release('runGuest', cp);
    const { running } = await cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'HostUnreachable', message: `Check on ${w2}: no route to host` });
    const before = hosts.changes().length;
    hosts.mend('checkHost', w2!);
    await cluster.retry();
    expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    expect(hosts.changes()).toHaveLength(before);
  });

  describe('a reset', () => {
    test('takes the workers first, the leader last; the entity stays, and is forgotten by a word', async () => {
      await cluster.converge(aCluster(3, 1, { policy: policy() }));
      const { runId } = await cluster.entity.describe();
      await cluster.reset();
      expect(await cluster.end('reset-2')).toMatchObject({ outcome: 'Success', message: '4 of 4 hosts are bare' });
      expect(hosts.calls().filter(({ verb }) => verb === 'resetHost').map(({ on }) => on)).toEqual(['10.0.0.4', '10.0.0.3', '10.0.0.2', '10.0.0.1']);
      expect(await cluster.absent()).toMatchObject({ hosts: [], hostKeys: {}, images: [], created: false, log: [{ operation: 'init-1' }, { operation: 'reset-2' }] });
      expect(await refusal(cluster.reset())).toMatchObject({ type: 'InvalidSpec' });
      await recordHistory(env.client, 'reset', cluster.operation('reset-2').workflowId);
      await recordHistory(env.client, 'entity-absent', cluster.entity.workflowId, runId);
      const { runId: last } = await cluster.entity.describe();
      await cluster.forget({ ends: true });
      expect(await env.client.workflow.getHandle(cluster.entity.workflowId, last).result()).toMatchObject({ retired: true, name: cluster.name });
      await recordHistory(env.client, 'entity-forgotten', cluster.entity.workflowId, last);
    });

    test('that could not reach a host says so, and can be asked for again', async () => {
      await cluster.converge(spec());
      hosts.fail('resetHost', w1!, { type: 'HostUnreachable', message: 'no route to host' });
      await cluster.reset();
      const ended = await cluster.end('reset-2');
      expect(ended).toMatchObject({ outcome: 'Failed' });
      expect(ended.message).toContain(`${w1} was not reset: no route to host`);
      await cluster.idle();
      const { operation } = await cluster.reset({ force: true });
      expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    });

    test('leaves the name free: the next apply makes another cluster, with the next number, and both are on record', async () => {
      await cluster.converge(spec());
      const { uid } = await cluster.view();
      await cluster.reset();
      await cluster.absent();
      expect(await cluster.converge(spec())).toMatchObject({ outcome: 'Success', operation: 'init-3' });
      const after = await cluster.view();
      expect(after).toMatchObject({ generation: 1, created: true, log: [{ operation: 'init-1' }, { operation: 'reset-2' }, { operation: 'init-3' }] });
      expect(after.uid).not.toBe(uid);
    });

    test('that leaves something on a host can be asked for again, and its record ends only by force', async () => {
      await cluster.converge(spec());
      hosts.leave(w1!, 'a mount');
      await cluster.reset();
      expect(await cluster.end('reset-2')).toMatchObject({ outcome: 'Success', message: expect.stringContaining(`${w1} still has a mount`) as string });
      const after = await cluster.idle();
      expect(after.phase).toBe('ClusterFailed');
      expect(await refusal(cluster.forget({ ends: true }))).toMatchObject({ type: 'UnsafePlan', message: expect.stringContaining(`${w1} is a member of cluster ${cluster.name}`) as string });
      hosts.leave(w1!);
      await cluster.reset();
      expect((await cluster.absent()).log.map(({ operation }) => operation)).toEqual(['init-1', 'reset-2', 'reset-3']);
    });

    test('by force gives up who cannot be reached: it is no member any more', async () => {
      await cluster.converge(spec());
      hosts.fail('resetHost', w1!, { type: 'HostUnreachable', message: 'no route to host' });
      await cluster.reset({ force: true });
      expect((await cluster.absent()).log.at(-1)?.message).toContain(`${w1} was not reset`);
      await cluster.forget({ ends: true });
    });

    test('is not what a forgotten name needs: its record ends by force while it lives, hosts as they are', async () => {
      await cluster.converge(spec());
      expect(await refusal(cluster.forget({ ends: true }))).toMatchObject({ type: 'UnsafePlan', message: expect.stringContaining(`${cp}, ${w1}, ${w2} are members`) as string });
      const before = hosts.changes().length;
      await cluster.forget({ ends: true, force: true });
      expect(hosts.changes()).toHaveLength(before);
      expect((await cluster.entity.describe()).status.name).toBe('COMPLETED');
    });

    test('of a cluster that nobody knows is refused by the server', async () => {
      await expect(cluster.reset()).rejects.toMatchObject({ name: 'WorkflowNotFoundError' });
    });
  });

  test('what an entity hands on to its next run replays', async () => {
    await cluster.converge(spec());
    const { runId } = await cluster.entity.describe();
    await recordHistory(env.client, 'entity-operation', cluster.entity.workflowId, (await cluster.entity.describe()).raw.workflowExecutionInfo?.firstRunId ?? undefined);
    await recordHistory(env.client, 'entity-idle', cluster.entity.workflowId, runId);
    expect((await cluster.view()).log).toHaveLength(1);
  });
});
