import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { snapshotDir } from '../../domain/commands/etcd-tools';
import { defaultPolicy } from '../../domain/cluster';
import { scheduledName } from '../../domain/scheduled-snapshots';
import type { FleetHost } from '../../testing';
import { taskUpdate } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import type { Stand } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(240_000);

withTemporal('snapshots by a schedule, on simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  test('lie on every control plane and beside the Temporal worker; the newest stay, and push out none that a person took', async () => {
    const made = await stand.cluster(2, 1, { policy: { ...defaultPolicy, snapshots: { beforeUpgrade: false, keep: 1, everyMs: 3_600_000 } } });
    const { cluster } = made;
    const on = ({ host }: FleetHost): string[] => host.files.below(snapshotDir).map((path) => path.slice(snapshotDir.length + 1)).sort();
    const here = (): string[] => (existsSync(join(stand.dir, 'snapshots', cluster.name)) ? readdirSync(join(stand.dir, 'snapshots', cluster.name)).sort() : []);
    const newest = async (not = ''): Promise<string> => {
      const { conditions } = await cluster.until((view) => view.conditions.some(({ type, status, message }) => type === 'SnapshotsTaken' && status === 'True' && message.split(':')[0] !== not));
      return conditions.find(({ type }) => type === 'SnapshotsTaken')?.message.split(':')[0] ?? '';
    };
    expect(await cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    await cluster.scheduled('snapshots', 3_600_000);

    const { operation } = await cluster.entity.executeUpdate(taskUpdate, { args: [{ requestId: 't1', by: 'ana@laptop', task: { kind: 'etcd-save', snapshot: '2020-01-01T00-00-00Z-mine.db' } }] });
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    await cluster.idle();
    await cluster.schedule('snapshots').trigger();
    const first = await newest();
    expect(first).toMatch(/^\d{4}-.*-scheduled\.db$/);
    for (const host of made.controlPlanes) expect(on(host)).toEqual(['2020-01-01T00-00-00Z-mine.db', first]);
    expect(here()).toEqual(['2020-01-01T00-00-00Z-mine.db', first]);
    expect(made.workers.map(on)).toEqual([[]]);

    // Names tell seconds apart; and the schedule starts none while its last one has not quite ended.
    await cluster.until(() => scheduledName(new Date().toISOString()) !== first);
    await cluster.schedule('snapshots').trigger('BUFFER_ONE');
    const second = await newest(first);
    for (const host of made.controlPlanes) expect(on(host)).toEqual(['2020-01-01T00-00-00Z-mine.db', second]);
    expect(here()).toEqual(['2020-01-01T00-00-00Z-mine.db', second]);
  });
});
