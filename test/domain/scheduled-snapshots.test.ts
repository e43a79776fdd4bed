import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pruneSnapshots } from '../../domain/commands/etcd-snapshots';
import { snapshotDir } from '../../domain/commands/etcd-tools';
import { newEntity } from '../../domain/entity';
import { observeSnapshot, scheduledName, type SnapshotReport, withSchedules } from '../../domain/scheduled-snapshots';

const at = (hour: number): string => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
const report = (more: Partial<SnapshotReport> = {}): SnapshotReport => ({ cluster: 'x', at: at(1), message: 'one.db: 3 keys', taken: true, missing: [], ...more });
const fresh = newEntity('x');
const seen = (more: Partial<SnapshotReport>) => observeSnapshot(fresh, report(more), at(1)).current.conditions;

test.each([
  ['one that lies everywhere', {}, { status: 'True', reason: 'Taken', message: 'one.db: 3 keys' }],
  ['one that lies not everywhere', { missing: ['10.0.0.2: disk full'] }, { status: 'True', reason: 'CopiesMissing', message: 'one.db: 3 keys\nno copy on 10.0.0.2: disk full' }],
  ['none', { taken: false, message: 'no answer' }, { status: 'False', reason: 'SnapshotFailed', message: 'no answer' }],
])('%s is a condition', (_what, more, condition) => expect(seen(more)).toEqual([expect.objectContaining({ type: 'SnapshotsTaken', ...condition })]));

test('one that was not tried changes nothing, nor does any of a cluster that ends', () => {
  expect(observeSnapshot(fresh, report({ skipped: 'busy' }), at(1))).toBe(fresh);
  const retired = { ...fresh, retired: true };
  expect(observeSnapshot(retired, report(), at(1))).toBe(retired);
});

test('the condition goes with the schedule', () => {
  const state = observeSnapshot(fresh, report(), at(1));
  expect(withSchedules(state, { snapshotsEveryMs: 5 }).current).toEqual(state.current);
  expect(withSchedules(state, {}).current.conditions).toEqual([]);
});

test('of the schedule so many are kept, and of all others so many; other files stay', () => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-prune-'));
  try {
    const names = [...[1, 2, 3].map((hour) => scheduledName(at(hour))), '2025-01-01T00-00-00Z-abc.db', '2025-01-02T00-00-00Z-reconcile-3.db', '2025-01-03T00-00-00Z-def.db', 'mine.db'];
    for (const name of names) writeFileSync(join(dir, name), '');
    execFileSync('bash', ['-c', pruneSnapshots(2).script.replaceAll(snapshotDir, dir)]);
    expect(readdirSync(dir).sort()).toEqual([...names.slice(4), ...names.slice(1, 3)].sort());
  } finally {
    rmSync(dir, { recursive: true });
  }
});
