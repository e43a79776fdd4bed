import { hashSnapshot, pruneSnapshots, receiveSnapshot, saveSnapshot, sendSnapshot } from '../../domain/commands/etcd-snapshots';
import { removeEtcdMember } from '../../domain/commands/etcd-members';
import { etcdMembers } from '../../testing/commands/etcd-members';
import { etcd } from '../../testing/commands/etcd';

test.each([
  [saveSnapshot('a b.db').script, 'etcdctl snapshot save', ['a b.db']],
  [hashSnapshot('2026-x.db').script, 'hash the snapshot', ['2026-x.db']],
  [sendSnapshot('2026-x.db').script, 'send the snapshot', ['2026-x.db']],
  [receiveSnapshot("it's.db", 'abc').script, 'receive the snapshot', ["it's.db", 'abc']],
  [removeEtcdMember('h1', '10.0.0.2').script, 'etcdctl member remove', ['10.0.0.2', 'h1']],
  [removeEtcdMember('', '10.0.0.2').script, 'etcdctl member remove', ['10.0.0.2']],
  [pruneSnapshots(5).script, 'drop old snapshots', ['5']],
])('the simulated host knows script %#', (script, name, args) => {
  const known = [...etcd, ...etcdMembers].flatMap((one) => { const found = one.reads(script); return found ? [[one.name, found]] : []; });
  expect(known).toEqual([[name, args]]);
});
