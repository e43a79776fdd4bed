import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterSpec, Policy } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { marks } from '../../domain/marks';
import { heedPause } from '../../workers/pause';
import {
  amendUpdate, approveUpdate, cancelUpdate, pauseUpdate, policyUpdate, resumeUpdate, retryUpdate, skipUpdate, taskUpdate,
} from '../../workflows/messages';
import { aCluster, anImage, someImages } from '../fixtures';
import { type ClusterUnderTest, patiently, refusal } from './cluster-under-test';
import { FakeHosts } from './fake-hosts';
import { recordHistory } from './history';
import { type Tier, withClusters } from './tier';

const cp = '10.0.0.1';
const [w1, w2] = ['10.0.0.2', '10.0.0.3'] as const;
const by = 'bo@desk';

const policy = (more: Partial<Policy> = {}): Policy => ({ ...aCluster(1, 0).policy, parkRetry: { times: 0, firstMs: 100, factor: 1 }, ...more });
const spec = (more: Partial<ClusterSpec> = {}): ClusterSpec => aCluster(1, 2, { policy: policy(), ...more });

jest.setTimeout(90_000);

let tier: Tier;
let hosts: FakeHosts;
let cluster: ClusterUnderTest;
let env: Tier['env'];

withClusters('human hands', {
  worker: { interceptors: { activity: [heedPause] } },
  hosts: () => new FakeHosts(undefined, [...someImages(), ...['web:1', 'web:2', 'web:3'].map((ref) => anImage(ref, 'application'))]),
  given: (now) => { tier = now; ({ hosts, cluster, env } = now); },
}, () => {
  const pause = () => cluster.entity.executeUpdate(pauseUpdate, { args: [{ by, reason: 'lunch' }] });
  const resume = () => cluster.entity.executeUpdate(resumeUpdate, { args: [{ by }] });
  /** So long would any of what comes next have begun. */
  const aWhile = () => sleep(1_500);
  const waitsFor = (kind: string) => cluster.until(({ running }) => running?.waiting?.kind === kind);
  /** The operation has gone on as a new run. */
  const renewed = async (operation: string) => {
    const runId = async () => (await cluster.operation(operation).describe()).runId;
    for (const before = await runId(); (await runId()) === before;) await sleep(50);
  };
  const moved = (from: string, to: string): ClusterSpec => ({ ...spec(), hosts: spec().hosts.map((host) => (host.id === from ? { ...host, id: to, address: to } : host)) });
  const desired = () => cluster.entity.query<ClusterSpec>('desired');
  const amend = async (after: ClusterSpec) => {
    const base = digestOf(await desired());
    const requestId = `amend-${Math.random()}`;
    return cluster.entity.executeUpdate(amendUpdate, { args: [{ requestId, by, spec: { ...after, name: cluster.name }, digest: digestOf({ ...after, name: cluster.name }), base }], updateId: requestId });
  };

  describe('a pause', () => {
    test('lets what runs go on to its end, begins nothing, and resume goes on', async () => {
      hosts.hold('bootstrapHost', w1);
      hosts.hold('joinWorker', w2);
      await cluster.apply(spec());
      await hosts.reached('bootstrapHost', w1);
      await hosts.reached('joinWorker', w2);
      await pause();
      expect(await cluster.status('init-1')).toMatchObject({ paused: { by, reason: 'lunch' } });
      hosts.release('bootstrapHost', w1);
      hosts.release('joinWorker', w2);
      const { running, paused } = await waitsFor('pause');
      expect(paused).toMatchObject({ by });
      expect(running?.waiting).toMatchObject({ reason: 'Paused', message: expect.stringContaining('paused by bo@desk'), commands: [`keelson resume ${cluster.name}`, `keelson cancel ${cluster.name}`] });
      const before = hosts.calls().length;
      await aWhile();
      expect(hosts.calls()).toHaveLength(before);
      expect(hosts.calls('end').map(({ verb, on }) => `${verb} ${on}`)).toEqual(expect.arrayContaining([`bootstrapHost ${w1}`, `joinWorker ${w2}`]));
      await resume();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect((await cluster.idle()).acts.map(({ what, by: who, note }) => [what, who, note])).toEqual([['apply', 'ana@laptop', undefined], ['pause', by, 'lunch'], ['resume', by, undefined]]);
      await recordHistory(env.client, 'paused', cluster.operation('init-1').workflowId);
    });

    test('outlasts the Temporal worker: what it did is not tried again before resume', async () => {
      hosts.hold('bootstrapHost', w1);
      await cluster.apply(spec());
      await hosts.reached('bootstrapHost', w1);
      await cluster.until(({ running }) => running !== undefined);
      await pause();
      await tier.stop();
      const before = hosts.calls().length;
      await tier.serve();
      await waitsFor('pause');
      await aWhile();
      expect(hosts.calls().slice(before)).toEqual([]);
      hosts.release('bootstrapHost', w1);
      await resume();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    });

    test('of a cluster that rests holds its next operation, before the first look', async () => {
      await cluster.converge(spec());
      await pause();
      const before = hosts.calls().length;
      await cluster.apply(spec({ images: ['kubernetes', 'flannel'] }));
      await waitsFor('pause');
      await aWhile();
      expect(hosts.calls()).toHaveLength(before);
      await resume();
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
    });

    test('holds the copies of the state as well, of an operation that ends meanwhile: they are written after resume', async () => {
      await cluster.converge(spec());
      const copied = () => hosts.calls().filter(({ verb }) => verb === 'saveState').length;
      hosts.hold('observeCluster', 'all');
      await cluster.apply(spec());
      await hosts.reached('observeCluster', 'all');
      await pause();
      const before = copied();
      hosts.release('observeCluster', 'all');
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
      await cluster.idle();
      expect([copied(), hosts.copy(cp)?.n]).toEqual([before, 1]);
      await resume();
      while (copied() === before) await sleep(20);
      while (hosts.copy(cp)?.n !== 2) await sleep(20);
    });

    test('ends with a cancel, which takes back what is half', async () => {
      hosts.hold('bootstrapHost', w1);
      await cluster.apply(spec());
      await hosts.reached('bootstrapHost', w1);
      await pause();
      await cluster.entity.executeUpdate(cancelUpdate, { args: [{ by, reason: '' }] });
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
      expect(hosts.claimed(w1)).toBe(false);
      expect((await cluster.idle()).paused).toBeUndefined();
    });
  });

  test('a cancel of what is paused begins nothing of what was held: it only looks, and takes back', async () => {
    for (const host of [w1, w2]) hosts.hold('bootstrapHost', host);
    await cluster.apply(spec());
    for (const host of [w1, w2]) await hosts.reached('bootstrapHost', host);
    while (!hosts.calls('end').some(({ verb, on }) => verb === 'initControlPlane' && on === cp)) await sleep(20);
    await pause();
    for (const host of [w1, w2]) hosts.release('bootstrapHost', host);
    await waitsFor('pause');
    const before = hosts.story().length;
    await cluster.cancel();
    expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
    expect((await cluster.idle()).log.at(-1)?.message).toBe(`cancelled by ${by}: second thoughts; taken back: ${w1}, ${w2}`);
    expect(hosts.story().slice(before).sort()).toEqual([`checkHost ${cp}`, `checkHost ${w1}`, `checkHost ${w2}`, `resetHost ${w1}`, `resetHost ${w2}`]);
  });

  describe('an operation that is parked for long', () => {
    test('goes on as a new run: paused or not it waits there, keeps since when, and then does only what is left', async () => {
      hosts.fail('joinWorker', w1);
      await cluster.apply(spec({ policy: policy({ parkRenewMs: 300 }) }));
      const { running } = await cluster.parked();
      await renewed('init-1');
      await pause();
      const before = hosts.calls().length;
      await aWhile();
      expect(hosts.calls()).toHaveLength(before);
      expect((await cluster.status('init-1')).waiting?.since).toBe(running?.waiting?.since);
      expect(await cluster.status('init-1')).toMatchObject({ paused: { by } });
      expect(await refusal(cluster.retry())).toMatchObject({ type: 'ClusterBusy' });
      hosts.mend('joinWorker', w1);
      await resume();
      await cluster.retry();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.calls().slice(before).map(({ verb, on }) => `${verb} ${on}`)).toEqual(expect.arrayContaining([`joinWorker ${w1}`]));
      expect(hosts.changes().filter((one) => one === `mountRootfs ${w1}`)).toHaveLength(1);
    });
  });

  describe('a cancel of an operation that has gone on as a new run', () => {
    test('takes back what the runs before had begun', async () => {
      hosts.fail('joinWorker', w1);
      await cluster.apply(spec({ policy: policy({ parkRenewMs: 300 }) }));
      await cluster.parked();
      await renewed('init-1');
      await cluster.cancel();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Cancelled' });
      expect((await cluster.idle()).log.at(-1)?.message).toBe(`cancelled by ${by}: second thoughts; taken back: ${w1}`);
      expect([cp, w1, w2].map((host) => hosts.claimed(host))).toEqual([true, false, true]);
    });

    test('is heard where a reset makes way for itself, too', async () => {
      hosts.fail('joinWorker', w1);
      await cluster.apply(spec({ policy: policy({ parkRenewMs: 300 }) }));
      await cluster.parked();
      await renewed('init-1');
      await cluster.parked();
      await cluster.reset();
      expect(await cluster.end('reset-2')).toMatchObject({ outcome: 'Success' });
      expect((await cluster.absent()).log.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(['init-1 Cancelled', 'reset-2 Success']);
    });

    test('touches nothing where its plan still waited for the first approval', async () => {
      await cluster.converge(spec({ hosts: aCluster(3, 0).hosts }));
      await cluster.apply(spec({ hosts: aCluster(2, 0).hosts, policy: policy({ parkRenewMs: 300 }) }));
      await waitsFor('approval');
      await renewed('reconcile-2');
      await waitsFor('approval');
      const before = hosts.changes();
      await cluster.cancel();
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Cancelled' });
      await cluster.idle();
      expect(hosts.changes()).toEqual(before);
    });
  });

  describe('a retry of one host', () => {
    test('leaves what failed elsewhere as it is', async () => {
      hosts.fail('joinWorker', w1);
      hosts.fail('joinWorker', w2);
      await cluster.apply(spec());
      await cluster.parked();
      hosts.mend('joinWorker', w1);
      await cluster.entity.executeUpdate(retryUpdate, { args: [{ by, host: w1 }] });
      await cluster.until(({ running }) => running?.waiting?.jobs?.length === 1);
      expect(hosts.calls().filter(({ verb }) => verb === 'joinWorker').map(({ on }) => on).sort()).toEqual([w1, w1, w2]);
      expect(await refusal(cluster.entity.executeUpdate(retryUpdate, { args: [{ by, host: w1 }] }))).toMatchObject({ message: expect.stringContaining(`nothing failed on ${w1}`) });
      hosts.mend('joinWorker', w2);
      await cluster.retry();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    });
  });

  describe('a skip', () => {
    test('leaves a worker out, the rest ends well, and the next apply takes it up', async () => {
      hosts.fail('joinWorker', w1);
      await cluster.apply(spec());
      const { running } = await cluster.parked();
      expect(running?.waiting?.commands).toContain(`keelson skip ${cluster.name} --host ${w1}`);
      expect(await cluster.entity.executeUpdate(skipUpdate, { args: [{ by, host: w1 }] })).toEqual([`Join/${w1}`]);
      expect(await cluster.end('init-1')).toEqual({ outcome: 'Success', message: `2 of 3 nodes Ready at v1.34.2; left out: ${w1}` });
      const view = await cluster.idle();
      expect(view.conditions).toEqual(expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', status: 'False', reason: 'Skipped' }), expect.objectContaining({ type: 'Join', status: 'False', reason: 'Skipped', message: `left out: ${w1}` }),
      ]));
      await recordHistory(env.client, 'skipped', cluster.operation('init-1').workflowId);
      hosts.mend('joinWorker', w1);
      expect(await cluster.converge(spec())).toMatchObject({ outcome: 'Success', message: '3 nodes Ready at v1.34.2' });
      expect((await cluster.view()).conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]));
    });

    test('leaves the command of an image out', async () => {
      hosts.fail('runGuest', cp, { times: 2 });
      await cluster.apply(spec());
      const { running } = await cluster.parked();
      const failed = running?.waiting?.jobs?.map(({ image, needed }) => [image, needed === undefined]);
      expect(failed).toEqual([['flannel', false]]);
      expect(await refusal(cluster.entity.executeUpdate(skipUpdate, { args: [{ by, image: 'flannel' }] }))).toMatchObject({ type: 'UnsafePlan', message: expect.stringContaining('pod network') });
      await cluster.retry();
      await cluster.until((view) => view.running?.waiting !== undefined && view.running.waiting.since !== running?.waiting?.since);
      await cluster.retry();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    });

    test('of what others need is refused, and leaves no trace', async () => {
      hosts.fail('initControlPlane', cp);
      await cluster.apply(spec());
      await cluster.parked();
      expect(await refusal(cluster.entity.executeUpdate(skipUpdate, { args: [{ by, host: cp }] }))).toMatchObject({ type: 'UnsafePlan' });
      expect((await cluster.view()).acts.map(({ what }) => what)).toEqual(['apply']);
    });
  });

  describe('an application', () => {
    const withApp = (ref: string, more: Partial<ClusterSpec> = {}) => spec({ images: ['kubernetes', 'flannel', ref], ...more });
    const ran = () => hosts.calls('end').filter(({ verb }) => verb === 'runGuest').length;
    const approve = (planHash: string) => cluster.entity.executeUpdate(approveUpdate, { args: [{ by, planHash }] });

    test('that is replaced by another version waits for leave for that very plan; a version that comes back runs again', async () => {
      await cluster.converge(withApp('web:1'));
      expect(ran()).toBe(2);
      await cluster.apply(withApp('web:2'));
      const { running } = await waitsFor('approval');
      const planHash = running?.waiting?.planHash ?? '';
      expect(running?.waiting).toMatchObject({ reason: 'NeedsApproval', approvals: [expect.stringContaining('web:2')], commands: [`keelson approve ${cluster.name} --plan-hash ${planHash}`, `keelson cancel ${cluster.name}`] });
      expect(await refusal(approve('stale'))).toMatchObject({ type: 'UnsafePlan' });
      expect(await refusal(cluster.retry())).toMatchObject({ type: 'NeedsDecision' });
      expect(ran()).toBe(2);
      await approve(planHash);
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
      expect(ran()).toBe(3);
      expect((await cluster.idle()).acts.map(({ what, by: who }) => `${what} ${who}`)).toContain(`approve ${by}`);
      await recordHistory(env.client, 'approved', cluster.operation('reconcile-2').workflowId);
      expect(await cluster.converge(withApp('web:1', { policy: policy({ approve: { ...policy().approve, override: false } }) }))).toMatchObject({ outcome: 'Success' });
      expect(ran()).toBe(4);
    });

    test('is asked about by the dry run too, before the operation, while it waits, and after a cancel that left things as they were', async () => {
      await cluster.converge(withApp('web:1'));
      const asks = [{ kind: 'override', reason: 'web:2 takes the place of web:1' }];
      const preview = async () => (await cluster.preview(withApp('web:2'))).approvals;
      expect(await preview()).toEqual(asks);
      await cluster.apply(withApp('web:2'));
      expect((await waitsFor('approval')).running?.waiting?.approvals).toEqual(asks.map(({ reason }) => reason));
      expect(await preview()).toEqual(asks);
      await cluster.cancel();
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Cancelled' });
      await cluster.idle();
      expect(await preview()).toEqual(asks);
      await cluster.apply(withApp('web:2'));
      await approve((await waitsFor('approval')).running?.waiting?.planHash ?? '');
      expect(await cluster.end('reconcile-3')).toMatchObject({ outcome: 'Success' });
      await cluster.idle();
      expect(await preview()).toEqual([]);
      expect(ran()).toBe(3);
    });

    test('a yes to the plan that was shown is none to one that comes after it', async () => {
      await cluster.converge(withApp('web:1'));
      const { hash: planHash } = await cluster.preview(withApp('web:2'));
      hosts.fail('runGuest', cp);
      await cluster.apply(withApp('web:2'), { planHash, agreed: true });
      await waitsFor('failure');
      hosts.mend('runGuest', cp);
      const tried = hosts.calls().filter(({ verb }) => verb === 'runGuest').length;
      await amend({ ...await desired(), images: ['kubernetes', 'flannel', 'web:3'] });
      expect((await waitsFor('approval')).running?.waiting?.approvals).toEqual(['web:3 takes the place of web:1']);
      expect(hosts.calls().filter(({ verb }) => verb === 'runGuest')).toHaveLength(tried);
      await cluster.cancel();
    });

    test('is not asked about when it is new, forced, or approved in advance', async () => {
      await cluster.converge(withApp('web:1'));
      expect(await cluster.converge(withApp('web:2', { force: true }))).toMatchObject({ outcome: 'Success' });
    });

    test('is not asked about where nobody waits: that is the answer, and what was wanted before is wanted again', async () => {
      await cluster.converge(withApp('web:1'));
      const [before, ready] = [await desired(), (await cluster.view()).conditions.find(({ type }) => type === 'Ready')];
      const { outcome, type, message } = await cluster.converge(withApp('web:2', { policy: policy({ noWait: true }) }));
      expect([outcome, type]).toEqual(['Failed', 'NeedsDecision']);
      expect(message).toMatch(/web:2 takes the place of web:1.*nothing was changed, and what was wanted before is wanted again/);
      const after = await cluster.view();
      expect(await desired()).toEqual(before);
      expect(after.conditions.find(({ type: one }) => one === 'Ready')).toEqual(ready);
      expect(after.log.at(-1)).toMatchObject({ operation: 'reconcile-2', outcome: 'Failed', message });
      expect(ran()).toBe(2);
    });

    test('that was forced once runs no second time, neither at an amendment nor where drift is mended', async () => {
      const drift = { converge: true };
      await cluster.converge(withApp('web:1', { policy: policy({ drift }) }));
      await cluster.converge(withApp('web:1', { force: true, policy: policy({ drift, noWait: true }) }));
      expect(ran()).toBe(4);
      expect(await desired()).toMatchObject({ force: false, policy: { noWait: false } });
      await amend({ ...await desired(), credentials: { default: { user: 'root', password: 'sealed:v1:k:new:n:x' } } });
      expect(await cluster.end('reconcile-3')).toMatchObject({ outcome: 'Success' });
      await cluster.idle();
      hosts.more = () => ({ joined: true, kubeletVersion: 'v1.34.2' });
      hosts.differences = (host) => (host === w1 ? [{ host, kind: 'file', file: '/var/lib/sealos/data/x/rootfs/x', message: 'its content was changed' }] : []);
      await env.client.workflow.execute('driftCheck', { workflowId: `${cluster.name}-drift`, taskQueue: cluster.taskQueue, args: [{ cluster: cluster.name }] });
      await cluster.until(({ log }) => log.length === 4);
      expect((await cluster.view()).log.at(-1)).toMatchObject({ by: 'drift', outcome: 'Success' });
      expect(ran()).toBe(4);
      // Nor is a failure of what comes after the end of it.
      hosts.more = () => ({});
      hosts.clear(w1);
      hosts.fail('joinWorker', w1);
      await cluster.apply(await desired());
      await waitsFor('failure');
    });

    test('that is forced is forced still after a long wait for another approval, which is waited for since the same time', async () => {
      await cluster.converge(withApp('web:1', { hosts: aCluster(3, 0).hosts }));
      await cluster.apply(withApp('web:1', { hosts: aCluster(2, 0).hosts, force: true, policy: policy({ parkRenewMs: 300 }) }));
      const { running } = await waitsFor('approval');
      const { planHash = '', since } = running?.waiting ?? {};
      await renewed('reconcile-2');
      await aWhile();
      expect((await cluster.view()).running?.waiting).toMatchObject({ planHash, since });
      expect(ran()).toBe(2);
      await approve(planHash);
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
      expect(ran()).toBe(4);
    });

    test('whose approval is older than what is seen is asked about again', async () => {
      await cluster.converge(withApp('web:1'));
      await cluster.apply(withApp('web:2'));
      const { running } = await waitsFor('approval');
      const planHash = running?.waiting?.planHash ?? '';
      // The plan that was read has become another one: a host has lost its marks.
      hosts.clear(w1);
      await approve(planHash);
      const again = await cluster.until((view) => view.running?.waiting?.kind === 'approval' && view.running.waiting.planHash !== planHash);
      expect(again.running?.waiting?.message).toContain('has changed since the approval');
      expect(ran()).toBe(2);
      await approve(again.running?.waiting?.planHash ?? '');
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
    });
  });

  describe('an amendment', () => {
    test('of a password is what the parked operation goes on with', async () => {
      hosts.fail('joinWorker', w1, { type: 'AuthenticationFailed', message: 'the password was refused' });
      await cluster.apply(spec());
      const { running } = await cluster.parked();
      expect(running?.waiting?.commands).toContain(`keelson amend ${cluster.name}`);
      hosts.mend('joinWorker', w1);
      expect(await amend(spec({ credentials: { default: { user: 'root', password: 'sealed:v1:k:new:n:x' } } }))).toMatchObject({ operation: 'init-1', attached: true });
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect((await desired()).credentials['default']).toMatchObject({ password: 'sealed:v1:k:new:n:x' });
      expect(hosts.calls().at(-1)).toBeDefined();
      expect((await cluster.idle()).acts.map(({ what, by: who }) => `${what} ${who}`)).toEqual(['apply ana@laptop', `amend ${by}`]);
      await recordHistory(env.client, 'amended', cluster.operation('init-1').workflowId);
    });

    test('of an address is where the host is from then on', async () => {
      hosts.fail('bootstrapHost', w1, { type: 'HostUnreachable', message: 'no route to host' });
      await cluster.apply(spec());
      await cluster.parked();
      await amend(moved(w1, '10.0.0.9'));
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.done('10.0.0.9').some((mark) => mark.startsWith('join:'))).toBe(true);
    });

    test('given during a pause is what all goes on with that is left', async () => {
      hosts.hold('bootstrapHost', w1);
      await cluster.apply(spec());
      await hosts.reached('bootstrapHost', w1);
      await pause();
      hosts.release('bootstrapHost', w1);
      await waitsFor('pause');
      await amend(moved(w1, '10.0.0.9'));
      await resume();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.changes()).not.toContain(`joinWorker ${w1}`);
      expect(hosts.done('10.0.0.9').some((mark) => mark.startsWith('join:'))).toBe(true);
    });

    test('given during a pause before the first look is what that looks with', async () => {
      await cluster.converge(spec({ hosts: aCluster(1, 1).hosts }));
      await pause();
      await cluster.apply(spec());
      await waitsFor('pause');
      hosts.fail('checkHost', w2, { type: 'AuthenticationFailed', message: 'the password was refused' });
      await amend(moved(w2, '10.0.0.9'));
      await resume();
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
      expect(hosts.calls().filter(({ on }) => on === w2)).toEqual([]);
    });

    test('of an image whose command fails is what the parked operation goes on with: the other image runs, and what is done stays done', async () => {
      hosts.fail('runGuest', 'web:1', { message: 'the command exited 1' });
      await cluster.apply(spec({ images: ['kubernetes', 'flannel', 'web:1'] }));
      const { running } = await cluster.parked();
      expect(running?.waiting).toMatchObject({ reason: 'CommandFailed', jobs: [{ stage: 'RunGuest', image: 'web:1' }] });
      const [before, ran] = [hosts.changes(), (ref: string) => hosts.done(cp).includes(marks.guest(anImage(ref, 'application').digest))];
      expect([ran('flannel'), ran('web:1')]).toEqual([true, false]);
      expect(await amend(spec({ images: ['kubernetes', 'flannel', 'web:2'] }))).toMatchObject({ operation: 'init-1', attached: true });
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect([ran('web:1'), ran('web:2')]).toEqual([false, true]);
      const after = hosts.changes().slice(before.length);
      // Files of the new image reach the hosts; nobody is bootstrapped, made or joined once more, and flannel has run.
      expect(after.filter((one) => /^(bootstrapHost|initControlPlane|join)/.test(one))).toEqual([]);
      expect(after.filter((one) => one.startsWith('runGuest'))).toEqual([`runGuest ${cp}`]);
      expect((await cluster.idle()).images.map(({ ref }) => ref)).toEqual(['kubernetes', 'flannel', 'web:2']);
      expect((await desired()).images).toEqual(['kubernetes', 'flannel', 'web:2']);
    });

    test('of the logins of a healthy cluster is proved by a look', async () => {
      await cluster.converge(spec());
      const before = hosts.changes();
      expect(await amend(spec({ credentials: { default: { user: 'root', password: 'sealed:v1:k:new:n:x' } } }))).toMatchObject({ operation: 'reconcile-2', attached: false });
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
      expect(hosts.changes()).toEqual(before);
    });
  });

  describe('a policy', () => {
    test('counts for the operation that runs', async () => {
      hosts.hold('mountRootfs', w1);
      hosts.hold('mountRootfs', w2);
      await cluster.apply(spec({ policy: policy({ parallel: 1 }) }));
      await hosts.reached('mountRootfs', w1);
      await aWhile();
      expect(hosts.story().filter((one) => one.startsWith('mountRootfs'))).toEqual([`mountRootfs ${cp}`, `mountRootfs ${w1}`]);
      await cluster.entity.executeUpdate(policyUpdate, { args: [{ by, policy: policy({ parallel: 2 }), base: digestOf(await desired()) }] });
      await hosts.reached('mountRootfs', w2);
      hosts.release('mountRootfs', w1);
      hosts.release('mountRootfs', w2);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
    });
  });

  describe('a retry', () => {
    test('looks at the hosts anew: one that was wiped meanwhile is prepared from the start', async () => {
      hosts.fail('joinWorker', w1);
      await cluster.apply(spec());
      await cluster.parked();
      hosts.mend('joinWorker', w1);
      hosts.clear(w1);
      await cluster.retry();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.changes().filter((one) => one === `mountRootfs ${w1}`)).toHaveLength(2);
      expect(hosts.changes().filter((one) => one === `mountRootfs ${w2}`)).toHaveLength(1);
    });

    test('works on what can be reached, and waits for the rest', async () => {
      for (const host of [w1, w2]) hosts.fail('joinWorker', host);
      await cluster.apply(spec());
      await cluster.parked();
      for (const host of [w1, w2]) hosts.mend('joinWorker', host);
      hosts.fail('checkHost', w1, { type: 'HostUnreachable', message: 'no route to host' });
      await cluster.retry();
      const { running } = await cluster.until((view) => view.running?.waiting?.reason === 'HostUnreachable');
      expect(running?.waiting?.jobs).toEqual([expect.objectContaining({ id: `Join/${w1}`, message: expect.stringContaining('no route to host') as string })]);
      const joins = () => hosts.calls().filter(({ verb }) => verb === 'joinWorker').map(({ on }) => on).sort();
      expect(joins()).toEqual([w1, w2, w2]);
      hosts.mend('checkHost', w1);
      await cluster.retry();
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(joins()).toEqual([w1, w1, w2, w2]);
    });

    test('runs a command that was to run again, and had failed at that', async () => {
      await cluster.converge(spec());
      const ran = () => hosts.calls('end').filter(({ verb }) => verb === 'runGuest').length;
      const before = ran();
      hosts.fail('runGuest', 'web', { times: 1 });
      await cluster.apply(spec({ force: true }));
      await waitsFor('failure');
      expect(ran()).toBe(before + 1);
      await cluster.retry();
      expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Success' });
      expect(ran()).toBe(before + 2);
    });

    test('goes by the policy of now: what blocked a drain no longer does', async () => {
      await cluster.converge(spec());
      const drain = (force: boolean): Policy => policy({ drain: { ...policy().drain, force } });
      hosts.bare.add(w2);
      const { operation } = await cluster.apply(spec({ hosts: aCluster(1, 1).hosts, policy: drain(false) }));
      expect((await cluster.parked()).running?.waiting?.reason).toBe('DrainBlocked');
      await cluster.entity.executeUpdate(policyUpdate, { args: [{ by, policy: drain(true), base: digestOf(await desired()) }] });
      await cluster.retry();
      expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    });
  });

  describe('a task', () => {
    test('is an operation of its own, and alone', async () => {
      await cluster.converge(spec());
      hosts.hold('checkHost', cp);
      const task = (requestId: string) => cluster.entity.executeUpdate(taskUpdate, { args: [{ requestId, by, task: { kind: 'verify' } }], updateId: requestId });
      expect(await task('t1')).toEqual({ operation: 'verify-2', workflowId: `cluster/${cluster.name}/verify-2`, attached: false });
      await cluster.appears('verify-2');
      expect(await refusal(task('t2'))).toMatchObject({ type: 'ClusterBusy', message: expect.stringContaining('verify-2 of bo@desk runs') });
      expect(await refusal(cluster.apply(spec({ images: ['kubernetes'] })))).toMatchObject({ type: 'ClusterBusy' });
      hosts.release('checkHost', cp);
      expect(await cluster.end('verify-2')).toMatchObject({ outcome: 'Success', message: `${cp} answers` });
      expect((await cluster.idle()).phase).toBe('ClusterSuccess');
    });
  });

  describe('fifty applies at once', () => {
    // The one that runs is at work until all have asked.
    beforeEach(() => hosts.hold('mountRootfs', cp));

    test('of different specs: one runs, each other one is refused by the name of who runs, and no two ran at once (peers.md #22)', async () => {
      const asked = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => cluster.apply(spec({ env: [{ name: 'WHO', value: String(n) }] }), { by: `user-${n}@laptop` })));
      const taken = asked.flatMap((one, n) => (one.status === 'fulfilled' ? [{ n, ...one.value }] : []));
      expect(taken).toHaveLength(1);
      const winner = `user-${taken[0]?.n}@laptop`;
      for (const one of asked) {
        if (one.status === 'fulfilled') continue;
        const { type, message } = await refusal(Promise.reject(one.reason as Error));
        expect(type).toBe('ClusterBusy');
        expect(message).toContain(`of ${winner}`);
      }
      hosts.release('mountRootfs', cp);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect((await cluster.idle()).log.map(({ operation, by: who }) => [operation, who])).toEqual([['init-1', winner]]);
      expect(hosts.changes().filter((one) => one === `initControlPlane ${cp}`)).toHaveLength(1);
    });

    test('of the same spec: all follow the one that runs', async () => {
      const asked = await Promise.all(Array.from({ length: 50 }, (_, n) => cluster.apply(spec(), { by: `user-${n}@laptop` })));
      expect(new Set(asked.map(({ operation }) => operation))).toEqual(new Set(['init-1']));
      expect(asked.filter(({ attached }) => !attached)).toHaveLength(1);
      hosts.release('mountRootfs', cp);
      expect(await cluster.end('init-1')).toMatchObject({ outcome: 'Success' });
      expect(hosts.changes().filter((one) => one === `initControlPlane ${cp}`)).toHaveLength(1);
    });
  });

  test('words to nobody are refused and leave no event', async () => {
    await cluster.converge(spec());
    const events = async () => (await cluster.entity.fetchHistory()).events?.filter(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted).length;
    const before = await events();
    for (const ask of [
      () => cluster.entity.executeUpdate(approveUpdate, { args: [{ by, planHash: 'x' }] }),
      () => cluster.entity.executeUpdate(approveUpdate, { args: [{ by: '', planHash: 'x' }] }),
      resume, () => cluster.retry(), () => cluster.cancel(),
      () => cluster.entity.executeUpdate(skipUpdate, { args: [{ by, host: w1 }] }),
    ]) expect(await refusal(patiently<unknown>(ask))).toMatchObject({ type: 'InvalidSpec' });
    expect(await events()).toBe(before);
  });
});
