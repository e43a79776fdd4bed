import { log } from '@temporalio/workflow';
import { restless } from '../domain/schedule';
import { scheduledName, type SnapshotReport } from '../domain/scheduled-snapshots';
import { explain } from './explain';
import { entityId, snapshotSignal } from './messages';
import { on } from './on';
import { takeSnapshot } from './tasks/etcd-save';
import { tellEntity } from './tell-entity';

/**
 * A snapshot of etcd by a schedule, as `keelson etcd save` takes one. It waits for nobody: while an operation runs, or
 * somebody holds the cluster still, the schedule's next time has to do. The entity hears what has come of it.
 */
export async function scheduledSnapshot({ cluster }: { readonly cluster: string }): Promise<SnapshotReport> {
  const known = await on.probe.readEntity({ cluster });
  const at = new Date().toISOString();
  const skipped = restless(cluster, known);
  if (!known?.spec || skipped) return { cluster, at, message: '', taken: false, missing: [], skipped: skipped ?? 'nothing is known of it' };
  const { spec, view: { uid, conditions, hostKeys, images, created, leader } } = known;
  const last = { conditions, hostKeys, images, created, ...(leader ? { leader } : {}) };
  // No operation: the steps have names of their own, so that no operation's step on a host is taken for an older one.
  const input = { spec, uid, n: 0, operation: 'snapshot', last };
  const report = await takeSnapshot({ input, on, say: (line) => log.info(line) }, { name: scheduledName(at), step: 'Scheduled' }).then(
    ({ message, missing }): SnapshotReport => ({ cluster, at, message, taken: true, missing }),
    (error: unknown): SnapshotReport => {
      const why = explain(error);
      if (!why) throw error;
      return { cluster, at, message: why.message, taken: false, missing: [] };
    },
  );
  await tellEntity(entityId(cluster), snapshotSignal, report);
  return report;
}
