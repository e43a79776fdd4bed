import { isSnapshotName, readSnapshot, snapshotName } from '../../domain/commands/etcd-snapshots';
import { begin, finish, newEntity } from '../../domain/entity';
import { aCluster } from '../fixtures';
import { digestOf } from '../../domain/digest';
import { admitTask } from '../../domain/requests';

test('names of snapshots sort by time and are files and nothing else', () => {
  const [early, late] = [snapshotName('2026-09-30T23:59:59.123Z', 'etcd-save-9'), snapshotName('2026-10-01T00:00:00.000Z', 'etcd-save-10')];
  expect(early).toBe('2026-09-30T23-59-59Z-etcd-save-9.db');
  expect([late, early].sort()).toEqual([early, late]);
  expect([early, 'file-0a.db'].every(isSnapshotName)).toBe(true);
  expect(['../x.db', '.x.db', 'x', 'a/b.db', 'a b.db', "a'b.db", '-rf.db'].filter(isSnapshotName)).toEqual([]);
});

test('what etcd says of a snapshot', () => {
  const sha256 = 'ab'.repeat(32);
  const stdout = `status={"hash":3421232347,"revision":1824,"totalKey":903,"totalSize":3448832,"version":"3.6.0"}\nsha256=${sha256}\nbytes=3448832\n`;
  expect(readSnapshot('a.db', stdout)).toEqual({ name: 'a.db', sha256, bytes: 3448832, hash: 'cbebdcdb', revision: 1824, keys: 903 });
  expect(() => readSnapshot('a.db', `status=\nsha256=${sha256}\nbytes=3\n`)).toThrow('no snapshot of etcd');
  expect(() => readSnapshot('a.db', stdout.replace(sha256, ''))).toThrow('no hash');
});

test('what a task has made so already is what is wanted from then on', () => {
  const spec = aCluster(1, 0);
  const before = { ...newEntity('default'), uid: 'u', desired: { spec, digest: digestOf(spec), by: 'ana', at: '2026-01-01T00:00:00Z', generation: 1 } };
  const running = begin(admitTask(before, { requestId: 'r', by: 'bo', task: { kind: 'cert-sans', names: ['a.b'] } }, '2026-01-02T00:00:00Z'), '2026-01-02T00:00:01Z');
  const desired = { ...spec, kubeadm: { cluster: { apiServer: { certSANs: ['a.b'] } } } };
  const after = finish(running, { outcome: 'Success', message: 'done', record: before.current, desired }, '2026-01-02T00:01:00Z');
  expect(after.desired).toMatchObject({ spec: desired, digest: digestOf(desired), by: 'bo', generation: 2 });
  expect(after.running).toBeUndefined();
});
