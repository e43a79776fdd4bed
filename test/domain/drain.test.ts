import { defaultPolicy } from '../../domain/cluster';
import { controllerLease, drain, readCordon } from '../../domain/commands/drain';

const read = (code: number, stdout: string, stderr = '') => drain('w1', defaultPolicy.drain).parse!({ code, stdout, stderr });

test('the policy becomes kubectl flags; budgets always count (peers.md #15)', () => {
  const script = (more: object) => drain('w1', { ...defaultPolicy.drain, ...more }).script;
  expect(script({})).toContain("drain 'w1' --ignore-daemonsets --timeout=300s --force --delete-emptydir-data &&");
  expect(script({ force: false, graceMs: 1_500, timeoutMs: 30_000 })).toContain("--ignore-daemonsets --timeout=30s --grace-period=2 &&");
  expect(script({})).not.toContain('disable-eviction');
});

test('a drain that ends is no list', () => {
  expect(read(0, 'node/w1 drained\n')).toEqual({ empty: true, left: [], budgets: [], told: '' });
});

test('of a drain that is blocked one learns which pods stay and which budgets are spent; what goes with the host is left out', () => {
  const stdout = [
    'node/w1 cordoned', '@left', 'web/web-1 ReplicaSet Running', 'kube-system/kube-proxy-x DaemonSet Running', 'kube-system/haproxy-w1 Node Running',
    'default/naked  Running', 'default/job-1 Job Succeeded', '@budgets', 'web/web', '',
  ].join('\n');
  expect(read(1, stdout, 'evicting\nerror: global timeout reached: 5s\n'))
    .toEqual({ empty: false, left: ['web/web-1', 'default/naked'], budgets: ['web/web'], told: 'error: global timeout reached: 5s' });
});

test('the lease of the controllers tells who leads, since when, and when it was renewed; a cluster without one has none', () => {
  const told = (stdout: string) => controllerLease.parse!({ code: 0, stdout, stderr: '' });
  expect(told('cp1_12ab 2026-01-01T00:00:00.000000Z 2026-01-01T00:00:09.000000Z')).toEqual({ term: 'cp1_12ab 2026-01-01T00:00:00.000000Z', renewed: '2026-01-01T00:00:09.000000Z' });
  expect(told('')).toBeUndefined();
});

test('whose a cordon is stands on the Node; what is left of the note on one that takes pods says nothing', () => {
  const told = (stdout: string) => readCordon('w1').parse!({ code: 0, stdout, stderr: '' });
  expect(['/', 'true/', 'true/yes', '/yes'].map(told)).toEqual([
    { cordoned: false, ours: false }, { cordoned: true, ours: false }, { cordoned: true, ours: true }, { cordoned: false, ours: false },
  ]);
  expect(readCordon('w1').script).toContain('jsonpath={.spec.unschedulable}/{.metadata.annotations.keelson\\.dev/leaves}');
});
