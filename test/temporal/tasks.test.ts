import { WorkflowNotFoundError } from '@temporalio/client';
import type { Waiting } from '../../domain/status';
import type { Task } from '../../domain/tasks';
import { desiredQuery, pauseUpdate, resumeUpdate, taskUpdate } from '../../workflows/messages';
import { aCluster } from '../fixtures';
import { type ClusterUnderTest, refusal } from './cluster-under-test';
import type { FakeHosts } from './fake-hosts';
import { withClusters } from './tier';

jest.setTimeout(120_000);
const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

let hosts: FakeHosts;
let cluster: ClusterUnderTest;

withClusters('tasks', { per: 'file', given: (now) => { ({ hosts, cluster } = now); } }, () => {
  beforeAll(async () => {
    const ended = await cluster.converge(aCluster(3, 1, { policy: { ...aCluster(1, 0).policy, noWait: true } }));
    expect(ended.outcome).toBe('Success');
  }, 120_000);

  let from = 0;
  beforeEach(() => { from = hosts.story().length; });
  const story = (): string[] => hosts.story().slice(from);
  const ask = (task: Task, requestId: string) => cluster.entity.executeUpdate(taskUpdate, { args: [{ requestId, by: 'ana@laptop', task }], updateId: requestId });
  const run = async (task: Task, requestId: string) => {
    const { operation } = await ask(task, requestId);
    const ended = await cluster.end(operation);
    await cluster.idle();
    return { operation, ...ended };
  };

  test('a snapshot goes through the next control plane where the first gives none, and to all others', async () => {
    hosts.fail('saveEtcdSnapshot', a);
    hosts.fail('putEtcdSnapshot', c);
    const ended = await run({ kind: 'etcd-save', snapshot: 'x.db' }, 's1');
    expect(ended).toMatchObject({ outcome: 'Success', message: expect.stringContaining('on 2 of 3 control planes') as unknown });
    expect(story().sort()).toEqual([`putEtcdSnapshot ${a}`, `putEtcdSnapshot ${c}`, `saveEtcdSnapshot ${a}`, `saveEtcdSnapshot ${b}`]);
    expect((await cluster.status(ended.operation)).notes.join()).toContain(`no copy on ${c}`);
    hosts.mend('saveEtcdSnapshot', a);
    hosts.mend('putEtcdSnapshot', c);
  });

  test('a restore stops all, makes all anew, and starts etcd everywhere before any API server', async () => {
    const ended = await run({ kind: 'etcd-restore', snapshot: 'x.db' }, 'r1');
    expect(ended).toMatchObject({ outcome: 'Success' });
    const order = ['prepareEtcdRestore', 'stopForRestore', 'restoreEtcdMember', 'startRestoredEtcd', 'startRestoredApi', 'finishEtcdRestore'];
    const steps = story().map((one) => one.split(' ')[0] ?? '').filter((one) => order.includes(one));
    expect(steps).toEqual(order.flatMap((one) => [one, one, one]));
  });

  test('a control plane that cannot be reached refuses a restore before anything is stopped; with force it is left out', async () => {
    hosts.fail('prepareEtcdRestore', c, { type: 'HostUnreachable', message: 'no route' });
    expect(await run({ kind: 'etcd-restore', snapshot: 'x.db' }, 'r2')).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('no route') as unknown });
    expect(story().filter((one) => one.startsWith('stopForRestore'))).toEqual([]);
    expect(await run({ kind: 'etcd-restore', snapshot: 'x.db', force: true }, 'r3')).toMatchObject({ outcome: 'Success', message: expect.stringContaining('2 members') as unknown });
    expect(story()).not.toContain(`restoreEtcdMember ${c}`);
    hosts.mend('prepareEtcdRestore', c);
  });

  test('when one member cannot be made anew all get back what they had', async () => {
    hosts.fail('restoreEtcdMember', b, { message: 'no space left' });
    const ended = await run({ kind: 'etcd-restore', snapshot: 'x.db' }, 'r4');
    expect(ended).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('Everything is as it was before') as unknown });
    for (const host of [a, b, c]) expect(story()).toEqual(expect.arrayContaining([`undoEtcdRestore ${host}`, `startRestoredApi ${host}`]));
    expect(story().filter((one) => one.startsWith('startRestoredEtcd'))).toEqual([]);
    hosts.mend('restoreEtcdMember', b);
  });

  test('what a restore could not tidy up is told, with the host', async () => {
    hosts.fail('finishEtcdRestore', b, { message: 'it did not end' });
    const ended = await run({ kind: 'etcd-restore', snapshot: 'x.db' }, 'r6');
    expect(ended).toMatchObject({ outcome: 'Success' });
    expect((await cluster.status(ended.operation)).notes.join()).toMatch(/\.keelson-before.*remove it by hand: 10\.0\.0\.2: it did not end/);
    hosts.mend('finishEtcdRestore', b);
  });

  test('of a paused cluster waits, and says for whom: whoever has no terminal can leave', async () => {
    await cluster.entity.executeUpdate(pauseUpdate, { args: [{ by: 'bo@desk', reason: 'lunch' }] });
    const { operation } = await ask({ kind: 'verify' }, 'p1');
    let waiting: Waiting | undefined;
    // The update is answered before the operation's workflow is there.
    while (!waiting) ({ waiting } = await cluster.status(operation).catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return { waiting: undefined };
      throw error;
    }));
    expect(waiting).toMatchObject({ kind: 'pause', message: expect.stringContaining('paused by bo@desk') as unknown, commands: expect.arrayContaining([`keelson resume ${cluster.name}`]) as unknown });
    await cluster.entity.executeUpdate(resumeUpdate, { args: [{ by: 'bo@desk' }] });
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    expect((await cluster.status(operation)).waiting).toBeUndefined();
    await cluster.idle();
  });

  test.each([false, true])('a cancel waits for the end of a restore that has begun, paused: %s', async (paused) => {
    hosts.hold('restoreEtcdMember', b);
    const { operation } = await ask({ kind: 'etcd-restore', snapshot: 'x.db' }, `r5-${paused}`);
    await hosts.reached('restoreEtcdMember', b);
    if (paused) await cluster.entity.executeUpdate(pauseUpdate, { args: [{ by: 'bo@desk' }] });
    await cluster.cancel();
    hosts.release('restoreEtcdMember', b);
    await cluster.end(operation);
    await cluster.idle();
    for (const host of [a, b, c]) expect(story()).toContain(`finishEtcdRestore ${host}`);
  });

  test('a task that is cancelled says nothing about the cluster', async () => {
    hosts.hold('saveEtcdSnapshot', a);
    const { operation } = await ask({ kind: 'etcd-save', snapshot: 'x.db' }, 's3');
    await hosts.reached('saveEtcdSnapshot', a);
    const before = await cluster.view();
    await cluster.cancel();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    hosts.release('saveEtcdSnapshot', a);
    const { phase, conditions, log } = await cluster.idle();
    expect(log.at(-1)).toMatchObject({ operation, outcome: 'Cancelled' });
    expect({ phase, conditions }).toEqual({ phase: 'ClusterSuccess', conditions: before.conditions });
  });

  test('names for the certificates go one control plane after another, and are wanted from then on', async () => {
    expect(await run({ kind: 'cert-sans', names: ['api.example.com'] }, 'c1')).toMatchObject({ outcome: 'Success' });
    expect(story()).toEqual([a, b, c].map((host) => `addCertSans ${host}`));
    const spec = await cluster.entity.query(desiredQuery);
    expect(spec?.kubeadm.cluster).toEqual({ apiServer: { certSANs: ['api.example.com'] } });
    if (!spec) throw new Error('no spec');
    from = hosts.story().length;
    expect(await cluster.converge(spec)).toMatchObject({ outcome: 'Success' });
    expect(story().filter((one) => !/^(checkHost|observeCluster|preProcessImage|verifyCluster)/.test(one))).toEqual([]);
  });

  test('renewing stops at the control plane where it fails; the others keep running on what they have', async () => {
    hosts.fail('renewAllCertificates', b, { message: 'kubeadm exited 1' });
    expect(await run({ kind: 'cert-renew' }, 'c2')).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('kubeadm exited 1') as unknown });
    expect(story()).toEqual([`renewAllCertificates ${a}`, `renewAllCertificates ${b}`]);
    hosts.mend('renewAllCertificates', b);
    from = hosts.story().length;
    expect(await run({ kind: 'cert-renew' }, 'c3')).toMatchObject({ outcome: 'Success' });
    expect(story().at(-1)).toBe('refreshKubeconfig 10.0.0.4');
  });

  test('a control plane that cannot be reached keeps nobody else from new certificates, be it the leader', async () => {
    hosts.fail('renewAllCertificates', a, { type: 'HostUnreachable', message: 'no route' });
    expect(await run({ kind: 'cert-renew' }, 'c5')).toMatchObject({ outcome: 'Failed', message: expect.stringMatching(/^10\.0\.0\.1 cannot be reached and has its former certificates/) as unknown });
    expect(story()).toEqual([`renewAllCertificates ${a}`, `renewAllCertificates ${b}`, `renewAllCertificates ${c}`, 'refreshKubeconfig 10.0.0.4']);
    hosts.mend('renewAllCertificates', a);
  });

  test('a task waits for nobody: while another one runs it is refused by name', async () => {
    hosts.hold('addCertSans', a);
    const { operation } = await ask({ kind: 'cert-sans', names: ['x.y'] }, 'c4');
    await hosts.reached('addCertSans', a);
    expect(await refusal(ask({ kind: 'etcd-save' }, 's2'))).toMatchObject({ type: 'ClusterBusy', message: expect.stringContaining(operation) as unknown });
    hosts.release('addCertSans', a);
    await cluster.end(operation);
  });
});
