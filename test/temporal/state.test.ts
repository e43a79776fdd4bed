import { randomUUID } from 'node:crypto';
import type { ClusterSpec } from '../../domain/cluster';
import type { DriftReport } from '../../domain/drift/difference';
import type { EntityState } from '../../domain/entity';
import type { Plan } from '../../domain/plan';
import { type StateCopy, stateFromCopy } from '../../domain/state-copy';
import { type AdoptAnswer, desiredQuery, entityId, fileQuery, type HostsLook, pauseUpdate, policyUpdate } from '../../workflows/messages';
import { aCluster } from '../fixtures';
import type { ClusterUnderTest } from './cluster-under-test';
import type { FakeHosts } from './fake-hosts';
import { type Tier, withClusters } from './tier';

const cp = '10.0.0.1';
const spec = (): ClusterSpec => ({ ...aCluster(1, 2), policy: { ...aCluster(1, 0).policy, parkRetry: { times: 0, firstMs: 100, factor: 1 } } });
jest.setTimeout(90_000);

let hosts: FakeHosts;
let cluster: ClusterUnderTest;
let env: Tier['env'];

withClusters('the state of a cluster', { given: (now) => { ({ hosts, cluster, env } = now); } }, () => {
  const run = <I, O>(type: string, input: I): Promise<O> =>
    env.client.workflow.execute<(one: I) => Promise<O>>(type, { workflowId: `${cluster.name}-${randomUUID()}`, taskQueue: cluster.taskQueue, args: [input] as never });
  const copied = async (): Promise<StateCopy> => {
    for (;;) {
      const copy = hosts.copy(cp);
      if (copy) return copy;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const named = (): ClusterSpec => ({ ...spec(), name: cluster.name });

  test('lies on every control plane after a success, and brings the cluster back when the server has lost it', async () => {
    await cluster.converge(spec());
    const copy = await copied();
    expect(copy).toMatchObject({ name: cluster.name, n: 1, desired: { by: 'ana@laptop', generation: 1 }, current: { created: true, leader: cp } });
    expect(hosts.copy('10.0.0.2')).toBeUndefined();
    await cluster.entity.terminate('the server was lost');
    hosts.forgetCopy(cp);
    hosts.more = () => ({ claim: { cluster: cluster.name, uid: copy.uid }, joined: true, kubeletVersion: 'v1.34.2' });

    await env.client.workflow.start<(state: EntityState) => Promise<EntityState>>('cluster', {
      workflowId: entityId(cluster.name), taskQueue: cluster.taskQueue, args: [stateFromCopy(copy, 'bo@desk', new Date().toISOString())],
    });
    expect(await cluster.entity.query(desiredQuery)).toEqual(named());
    expect(await copied()).toMatchObject({ uid: copy.uid, n: 1000, desired: copy.desired });
    const before = hosts.changes().length;
    expect(await cluster.converge(spec())).toMatchObject({ operation: 'reconcile-1001', outcome: 'Success' });
    expect(await cluster.status('reconcile-1001')).toMatchObject({ planned: 0 });
    expect(hosts.changes().length).toBe(before);
    expect((await cluster.view()).log.map(({ operation }) => operation)).toEqual(['init-1', 'adopt', 'reconcile-1001']);
  });

  test('lies there of what is not over, too: while an operation waits, after a cancel, and when the policy was set at rest', async () => {
    const says = async (what: (copy: StateCopy) => boolean): Promise<StateCopy> => {
      for (;;) {
        const copy = await copied();
        if (what(copy)) return copy;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    hosts.fail('joinWorker', '10.0.0.2');
    await cluster.apply(spec());
    await cluster.parked();
    expect(await copied()).toMatchObject({ n: 1, current: { created: false, members: { [cp]: {}, '10.0.0.3': {} } }, desired: { spec: named() } });
    hosts.mend('joinWorker', '10.0.0.2');
    await cluster.retry();
    await cluster.end('init-1');
    await cluster.idle();

    const more = { ...spec(), hosts: aCluster(1, 4).hosts };
    hosts.fail('joinWorker', '10.0.0.5');
    await cluster.apply(more);
    await cluster.parked();
    await cluster.cancel();
    expect(await cluster.end('reconcile-2')).toMatchObject({ outcome: 'Cancelled' });
    await cluster.idle();
    expect((await says(({ n }) => n === 2)).current.members).toMatchObject({ '10.0.0.4': { host: { id: '10.0.0.4' } } });

    const set = { ...spec().policy, parallel: 7 };
    await cluster.entity.executeUpdate(policyUpdate, { args: [{ by: 'bo@desk', policy: set, base: (await cluster.view()).digest ?? '' }] });
    await says(({ desired }) => desired.spec.policy.parallel === 7);
    expect(hosts.copy('10.0.0.2')).toBeUndefined();
  });

  test('an operation that has refused its own plan writes none', async () => {
    await cluster.converge(spec());
    const written = () => hosts.calls().filter(({ verb }) => verb === 'saveState').length;
    const before = written();
    expect(await cluster.converge({ ...spec(), images: ['kubernetes', 'nothing'] })).toMatchObject({ type: 'PreflightFailed' });
    expect(written()).toBe(before);
  });

  test('a control plane that takes no copy fails no operation', async () => {
    hosts.fail('saveState', cp, { type: 'HostClaimed' });
    expect(await cluster.converge(spec())).toMatchObject({ outcome: 'Success' });
  });

  test('adoption of a cluster that somebody else made: only on a yes claim and marks, and then nothing is to be done', async () => {
    hosts.more = (id) => ({
      joined: true, kubeletVersion: 'v1.34.2', foreign: hosts.done(id).length > 0 ? '' : `sealos data of cluster ${cluster.name}`,
      controlPlane: id === cp, ...(id === cp ? { apiReady: true, busyPorts: [{ port: 5000, process: 'registry' }] } : {}),
      ...(hosts.done(id).length > 0 ? { claim: { cluster: cluster.name, uid: 'u' } } : {}),
    });
    const input = { spec: named(), ours: false, uid: 'u', hostKeys: {} };
    const look = await run<unknown, AdoptAnswer>('adoptCluster', input);
    expect(look).toMatchObject({ adopted: false, plan: { jobs: [] }, record: { leader: cp, created: true } });
    expect(hosts.changes()).toEqual([]);
    expect(await run<unknown, AdoptAnswer>('adoptCluster', { ...input, confirm: 'something else' })).toMatchObject({ adopted: false });
    expect(hosts.changes()).toEqual([]);

    expect(await run<unknown, AdoptAnswer>('adoptCluster', { ...input, confirm: look.adoption.hash })).toMatchObject({ adopted: true });
    expect(hosts.changes().sort()).toEqual(['adoptHost 10.0.0.1', 'adoptHost 10.0.0.2', 'adoptHost 10.0.0.3']);
    expect((await run<unknown, Plan>('previewPlan', { spec: named(), uid: 'u' })).jobs).toEqual([]);
  });

  test('a look at the hosts says of a dead one that it is dead, and changes nothing', async () => {
    await cluster.converge(spec());
    const before = hosts.changes().length;
    hosts.fail('checkHost', '10.0.0.3', { type: 'HostUnreachable', message: 'no route' });
    const view = await cluster.view();
    const { facts } = await run<unknown, HostsLook>('lookAtHosts', { spec: named(), uid: view.uid, hostKeys: {} });
    expect(facts.map(({ host, reachable, problem }) => [host, reachable, problem?.message])).toEqual([[cp, true, undefined], ['10.0.0.2', true, undefined], ['10.0.0.3', false, 'no route']]);
    expect(hosts.changes().length).toBe(before);

    hosts.more = (id) => (id === cp ? { apiReady: true } : {});
    hosts.cordoned = '10.0.0.2';
    expect(await run<unknown, HostsLook>('lookAtHosts', { spec: named(), uid: view.uid, hostKeys: {} })).toMatchObject({ cordoned: ['10.0.0.2'] });
    hosts.fail('observeCluster', 'all', { type: 'HostUnreachable', message: 'no route' });
    expect(await run<unknown, HostsLook>('lookAtHosts', { spec: named(), uid: view.uid, hostKeys: {} })).not.toHaveProperty('cordoned');
  });

  test('drift: the schedule looks by itself, reports to the entity, changes with the policy and goes with the cluster', async () => {
    const drift = { everyMs: 1_000, converge: false };
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift } });
    hosts.more = () => ({ joined: true, kubeletVersion: 'v1.34.2' });
    hosts.differences = (host) => (host === '10.0.0.2' ? [{ host, kind: 'file', file: '/etc/x', line: 3, message: 'its content was changed' }] : []);
    const before = hosts.changes().length;
    const view = await cluster.until(({ conditions }) => conditions.some(({ type, status }) => type === 'Drifted' && status === 'True'));
    expect(view.conditions.find(({ type }) => type === 'Drifted')?.message).toBe('10.0.0.2: /etc/x:3: its content was changed');
    expect(hosts.changes().length).toBe(before);
    const schedule = cluster.schedule('drift');
    expect((await schedule.describe()).spec.intervals).toEqual([expect.objectContaining({ every: 1_000 })]);

    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { ...drift, everyMs: 3_600_000 } } });
    await cluster.scheduled('drift', 3_600_000);
    expect((await schedule.describe()).spec.intervals).toEqual([expect.objectContaining({ every: 3_600_000 })]);
    await cluster.end((await cluster.reset()).operation);
    await cluster.absent();
    await cluster.unscheduled('drift');
  });

  test('drift: where the policy says so, the files are mended by an apply of the actor drift', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.more = () => ({ joined: true, kubeletVersion: 'v1.34.2' });
    hosts.differences = (host) => (host === '10.0.0.2' ? [{ host, kind: 'file', file: `/var/lib/sealos/data/${cluster.name}/rootfs/x`, message: 'its content was changed' }] : []);
    const before = hosts.changes().length;
    expect((await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name })).differences).toHaveLength(1);
    await cluster.until(({ log }) => log.length === 2);
    expect(await cluster.view()).toMatchObject({ log: [{ by: 'ana@laptop' }, { by: 'drift', outcome: 'Success' }] });
    expect(hosts.changes().slice(before)).toEqual(['forgetHostFiles 10.0.0.2', 'mountRootfs 10.0.0.2']);
  });

  test('drift: where the policy says so, a kubelet and a control plane that are configured otherwise are mended as well', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.more = () => ({ joined: true, kubeletVersion: 'v1.34.2' });
    const before = hosts.changes().length;
    hosts.differences = (host) => (host === cp ? [{ host, kind: 'flag', message: 'x' }] : host === '10.0.0.2' ? [{ host, kind: 'kubelet', flag: 'maxPods', message: 'maxPods is 7' }] : []);
    await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    await cluster.until(({ log }) => log.length === 2);
    const changes = hosts.changes().slice(before);
    // The two are forgotten side by side.
    expect([changes.slice(0, 2).sort(), changes.slice(2)]).toEqual([[`forgetHostSettings ${cp}`, 'forgetHostSettings 10.0.0.2'], [`applyControlPlaneSettings ${cp}`, 'applyKubeletSettings 10.0.0.2']]);
  });

  test('drift: what a check would refuse is reported, and no apply is started for it', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    const { phase, log } = await cluster.view();
    hosts.more = (host) => ({ joined: true, kubeletVersion: 'v1.34.2', ...(host === '10.0.0.2' ? { clockSkewMs: 6_000 } : {}) });
    hosts.differences = (host) => (host === '10.0.0.2' ? [{ host, kind: 'kubelet', flag: 'maxPods', message: 'maxPods is 7' }] : []);
    const before = hosts.changes().length;
    const report = await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    expect(report.differences).toEqual([expect.objectContaining({ host: '10.0.0.2', kind: 'check', message: expect.stringContaining('its clock is 6.0 s ahead') as string }), expect.objectContaining({ kind: 'kubelet' })]);
    const view = await cluster.until(({ conditions }) => conditions.some(({ type, status }) => type === 'Drifted' && status === 'True'));
    expect(view).toMatchObject({ phase, log, acts: [{ what: 'apply', by: 'ana@laptop' }] });
    expect(view.running).toBeUndefined();
    expect(hosts.changes().length).toBe(before);
    // An apply by hand is refused, and the cluster is as ready as before.
    expect(await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } })).toMatchObject({ outcome: 'Failed', type: 'PreflightFailed' });
    const after = await cluster.view();
    expect(after).toMatchObject({ phase, log });
    expect(after.conditions.find(({ type }) => type === 'Ready')).toEqual(view.conditions.find(({ type }) => type === 'Ready'));
  });

  test('drift: another machine at the address of a host is reported, and nothing is put on it', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    const { log, phase } = await cluster.view();
    hosts.clear('10.0.0.2');
    hosts.more = (host) => (host === '10.0.0.2' ? { machineId: 'another' } : { joined: true, kubeletVersion: 'v1.34.2' });
    const report = await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    expect(report.differences[0]).toMatchObject({ host: '10.0.0.2', kind: 'check', message: expect.stringContaining('another machine answers at its address') as string });
    const view = await cluster.until(({ conditions }) => conditions.some(({ type, status }) => type === 'Drifted' && status === 'True'));
    expect(view).toMatchObject({ log, phase });
    expect(view.running).toBeUndefined();
    expect(hosts.claimed('10.0.0.2')).toBe(false);
  });

  test('drift: without one of its images it is not known what differs, and the cluster says so', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.fail('preProcessImage', 'flannel', { type: 'ImageNotFound', message: 'it is not in the store' });
    const report = await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    expect(report).toMatchObject({ differences: [], unknown: { reason: 'ImageNotFound', message: 'what was applied is not known: flannel: it is not in the store' } });
    const view = await cluster.until(({ conditions }) => conditions.some(({ type }) => type === 'Drifted'));
    expect(view.conditions.find(({ type }) => type === 'Drifted')).toMatchObject({ status: 'Unknown', reason: 'ImageNotFound', message: report.unknown?.message });
    expect(view.running).toBeUndefined();
  });

  test('drift: a file that is found changed after each apply for it is mended ever more rarely', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.more = () => ({ joined: true, kubeletVersion: 'v1.34.2' });
    hosts.differences = (host) => (host === '10.0.0.2' ? [{ host, kind: 'file', file: `/var/lib/sealos/data/${cluster.name}/rootfs/x`, message: 'its content was changed' }] : []);
    const check = async () => {
      await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
      return (await cluster.idle()).acts.filter(({ by }) => by === 'drift').length;
    };
    expect([await check(), await check(), await check(), await check(), await check()]).toEqual([1, 2, 2, 3, 3]);
    expect((await cluster.view()).conditions.find(({ type }) => type === 'Drifted')?.message).toMatch(/the next try is 3 looks from now/);
  });

  test('drift of a cluster that is busy, or not there, is not looked at', async () => {
    expect((await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name })).skipped).toMatch(/no cluster/);
    hosts.hold('mountRootfs', cp);
    await cluster.apply(spec());
    await hosts.reached('mountRootfs', cp);
    expect((await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name })).skipped).toMatch(/init-1 of ana@laptop runs/);
    hosts.release('mountRootfs', cp);
    await cluster.end('init-1');
  });

  test('drift: a Node that is gone is told, and the apply that is started for it brings it back', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.more = () => ({ joined: true, kubeletVersion: 'v1.34.2' });
    hosts.withoutNode = '10.0.0.2';
    const report = await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    expect(report.differences).toEqual([{ host: '10.0.0.2', kind: 'plan', message: expect.stringContaining('its Node is gone') as string }, { host: cp, kind: 'cluster', message: '10.0.0.2 has no Node' }]);
    await cluster.until(({ running, log }) => !running && log.some(({ by }) => by === 'drift'));
    expect(hosts.changes()).toContain('restoreNode 10.0.0.2');
    expect(hosts.withoutNode).toBeUndefined();
  });

  test('drift: that no control plane answers for the cluster is told, and nothing is done about it', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.more = (host) => ({ joined: true, kubeletVersion: 'v1.34.2', ...(host === cp ? { apiReady: false } : {}) });
    const report = await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    expect(report).toMatchObject({ unseen: [], differences: [
      { host: cp, kind: 'cluster', message: 'its API server is not ready' }, { host: cp, kind: 'cluster', message: 'no control plane answers for the cluster' },
    ] });
    const view = await cluster.until(({ conditions }) => conditions.some(({ type, status }) => type === 'Drifted' && status === 'True'));
    expect(view).toMatchObject({ log: [{ by: 'ana@laptop' }] });
    expect(view.running).toBeUndefined();
  });

  test('drift: an API server that is not ready is told beside one that answers', async () => {
    await cluster.converge({ ...spec(), hosts: spec().hosts.map((host) => (host.id === '10.0.0.2' ? { ...host, roles: ['master'] } : host)) });
    hosts.more = (host) => ({ joined: true, kubeletVersion: 'v1.34.2', ...(host === '10.0.0.2' ? { apiReady: false } : {}) });
    const { differences } = await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name });
    expect(differences).toEqual([{ host: '10.0.0.2', kind: 'cluster', message: 'its API server is not ready' }]);
  });

  test('drift of a paused cluster is not looked at: nothing on a host is touched', async () => {
    await cluster.converge({ ...spec(), policy: { ...spec().policy, drift: { converge: true } } });
    hosts.differences = (host) => (host === '10.0.0.2' ? [{ host, kind: 'file', file: `/var/lib/sealos/data/${cluster.name}/rootfs/x`, message: 'its content was changed' }] : []);
    await cluster.entity.executeUpdate(pauseUpdate, { args: [{ by: 'bo@desk' }] });
    const before = hosts.calls().length;
    expect((await run<unknown, DriftReport>('driftCheck', { cluster: cluster.name })).skipped).toBe('it is paused by bo@desk');
    expect(hosts.calls()).toHaveLength(before);
  });

  test('the Clusterfile that was applied stays with the entity', async () => {
    await cluster.converge(spec());
    expect(await cluster.entity.query(fileQuery)).toBeUndefined();
  });
});
