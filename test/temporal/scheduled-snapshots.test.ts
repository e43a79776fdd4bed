import type { ClusterSpec, Policy } from '../../domain/cluster';
import type { SnapshotReport } from '../../domain/scheduled-snapshots';
import { entityId, pauseUpdate } from '../../workflows/messages';
import { aCluster } from '../fixtures';
import type { ClusterUnderTest } from './cluster-under-test';
import type { FakeHosts } from './fake-hosts';
import { type Tier, withClusters } from './tier';

const [a, b] = ['10.0.0.1', '10.0.0.2'] as const;
const every = (everyMs?: number): ClusterSpec => {
  const policy: Policy = { ...aCluster(1, 0).policy, noWait: true, snapshots: { beforeUpgrade: false, keep: 5, ...(everyMs === undefined ? {} : { everyMs }) } };
  return aCluster(2, 0, { policy });
};

jest.setTimeout(120_000);
let tier: Tier;
let hosts: FakeHosts;
let cluster: ClusterUnderTest;

withClusters('snapshots of etcd by a schedule', { given: (now) => { tier = now; ({ hosts, cluster } = now); } }, () => {
  const taken = (status: string) => cluster.until(({ conditions }) => conditions.some((one) => one.type === 'SnapshotsTaken' && one.status === status));
  const condition = async (status: string) => (await taken(status)).conditions.find(({ type }) => type === 'SnapshotsTaken');
  const byHand = (): Promise<SnapshotReport> => tier.env.client.workflow.execute<(one: { cluster: string }) => Promise<SnapshotReport>>('scheduledSnapshot', {
    workflowId: `${entityId(cluster.name)}/snapshot-${Math.random()}`, taskQueue: cluster.taskQueue, args: [{ cluster: cluster.name }],
  });

  test('are taken as often as the policy says, their end is a condition, and both go with the setting and with the cluster', async () => {
    await cluster.converge(every(1_000));
    expect(await condition('True')).toMatchObject({ reason: 'Taken', message: expect.stringMatching(/^\d{4}-[^ ]+-scheduled\.db: 3 keys at revision 7, 1 bytes, on 2 of 2 control planes/) as string });
    hosts.fail('putEtcdSnapshot', b, { type: 'CommandFailed', message: 'disk full' });
    await cluster.until(({ conditions }) => conditions.some(({ reason, message }) => reason === 'CopiesMissing' && message.includes(`no copy on ${b}: disk full`)));
    for (const host of [a, b]) hosts.fail('saveEtcdSnapshot', host, { type: 'CommandFailed', message: 'no space left' });
    expect(await condition('False')).toMatchObject({ reason: 'SnapshotFailed', message: expect.stringContaining('no space left') as string });
    // No operation, so the log of those is not full of it.
    expect((await cluster.view()).log.map(({ operation }) => operation)).toEqual(['init-1']);

    await cluster.converge(every());
    await cluster.until(({ conditions }) => !conditions.some(({ type }) => type === 'SnapshotsTaken'));
    await expect(cluster.schedule('snapshots').describe()).rejects.toMatchObject({ name: 'ScheduleNotFoundError' });

    await cluster.converge(every(3_600_000));
    await cluster.scheduled('snapshots', 3_600_000);
    await cluster.end((await cluster.reset()).operation);
    await cluster.absent();
    await cluster.unscheduled('snapshots');
  });

  test('wait for nobody: none is taken of a cluster that is not there, that is busy, or that is held still', async () => {
    expect((await byHand()).skipped).toMatch(/no cluster/);
    hosts.hold('mountRootfs', a);
    await cluster.apply(every());
    await hosts.reached('mountRootfs', a);
    expect((await byHand()).skipped).toMatch(/init-1 of ana@laptop runs/);
    hosts.release('mountRootfs', a);
    await cluster.end('init-1');
    await cluster.idle();
    await cluster.entity.executeUpdate(pauseUpdate, { args: [{ by: 'bo@desk' }] });
    expect((await byHand()).skipped).toBe('it is paused by bo@desk');
    expect(hosts.story().filter((call) => call.includes('EtcdSnapshot'))).toEqual([]);
  });
});
