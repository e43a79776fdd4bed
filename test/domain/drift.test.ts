import { kubeletDifferences, firstLine, hostsDifferences, serviceDifferences } from '../../domain/drift/host-settings';
import { convergesOn, observeDrift } from '../../domain/drift/observed';
import { wantedSchedule } from '../../domain/schedule';
import { describeDifference, type DriftReport, summaryOf } from '../../domain/drift/difference';
import { staticPodDifferences } from '../../domain/drift/static-pods';
import { type EntityState, newEntity } from '../../domain/entity';
import { aCluster } from '../fixtures';

const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {podSubnet: 100.64.0.0/10, serviceSubnet: 10.96.0.0/22, dnsDomain: cluster.local}
scheduler:
  extraArgs: [{name: bind-address, value: 0.0.0.0}]
etcd:
  local: {extraArgs: [{name: listen-metrics-urls, value: 'http://0.0.0.0:2381'}]}
`;
const scheduler = (...more: string[]) => `apiVersion: v1
kind: Pod
spec:
  containers:
  - command:
    - kube-scheduler
    - --authentication-kubeconfig=/etc/kubernetes/scheduler.conf
    - --authorization-kubeconfig=/etc/kubernetes/scheduler.conf
    - --bind-address=0.0.0.0
    - --kubeconfig=/etc/kubernetes/scheduler.conf
${more.map((line) => `    - ${line}\n`).join('')}    image: sealos.hub:5000/kube-scheduler:v1.34.2
`;
const pod = (text: string, version = 'v1.34.2') => staticPodDifferences({ host: 'a', address: '10.0.0.1', component: 'kube-scheduler', text, config, version });

test('a static pod as kubeadm made it does not differ', () => {
  expect(pod(scheduler('--leader-elect=true'))).toEqual([]);
});

test.each<[string, string[], object]>([
  ['changed', ['--leader-elect=false'], { flag: 'leader-elect', line: 11, message: "--leader-elect is false; kubeadm's configuration says true" }],
  ['taken away', [], { flag: 'leader-elect', message: expect.stringMatching(/is missing/) }],
  ['added', ['--leader-elect=true', '--profiling=false'], { flag: 'profiling', line: 12, message: expect.stringMatching(/not from kubeadm/) }],
])('a flag that was %s is named with its line', (_how, flags, expected) => {
  expect(pod(scheduler(...flags))).toEqual([expect.objectContaining({ host: 'a', kind: 'flag', file: '/etc/kubernetes/manifests/kube-scheduler.yaml', ...expected })]);
});

test('an image of another version, and of etcd only what the configuration says', () => {
  expect(pod(scheduler('--leader-elect=true'), 'v1.34.3')).toEqual([expect.objectContaining({ kind: 'version', line: 12 })]);
  const etcd = '    - etcd\n    - --name=x\n    - --data-dir=/var/lib/etcd\n    - --listen-metrics-urls=http://127.0.0.1:2381\n    - --odd=1\n';
  expect(staticPodDifferences({ host: 'a', address: '', component: 'etcd', text: etcd, config, version: 'v1.34.2' }).map(({ flag }) => flag)).toEqual(['listen-metrics-urls', 'odd']);
});

test('the kubelet: fields that are said, whatever else is there; durations as they are meant', () => {
  const text = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionHard:\n  memory.available: 200Mi\nnodeStatusReportFrequency: 1m0s\nmaxPods: 110\nother: 1\n';
  const wanted = { kind: 'KubeletConfiguration', evictionHard: { 'memory.available': '100Mi' }, nodeStatusReportFrequency: '1m', maxPods: 110, eventBurst: 100, failSwapOn: false };
  expect(kubeletDifferences('a', text, wanted)).toEqual([
    expect.objectContaining({ flag: 'evictionHard.memory.available', line: 4, message: 'evictionHard.memory.available is "200Mi"; the configuration says "100Mi"' }),
    expect.objectContaining({ flag: 'eventBurst', message: expect.stringMatching(/missing/) }),
  ]);
});

test('/etc/hosts: the first line with the name counts', () => {
  const wanted = [{ name: 'apiserver.cluster.local', address: '127.0.0.1' }];
  expect(hostsDifferences('a', '127.0.0.1 apiserver.cluster.local # keelson c api\n', wanted)).toEqual([]);
  expect(hostsDifferences('a', '# x\n10.0.0.9 api apiserver.cluster.local\n127.0.0.1 apiserver.cluster.local\n', wanted)).toEqual([expect.objectContaining({ line: 2, file: '/etc/hosts' })]);
  expect(hostsDifferences('a', '#127.0.0.1 apiserver.cluster.local\n', wanted)).toEqual([expect.objectContaining({ message: expect.stringMatching(/missing/) })]);
});

test('services that do not start with the host, or do not run', () => {
  const states = { kubelet: { enabled: 'disabled', active: 'active' }, containerd: { enabled: 'enabled', active: 'failed' }, registry: { enabled: 'not-found', active: 'inactive' } };
  expect(serviceDifferences('a', states).map(({ message }) => message)).toEqual(['the service kubelet is disabled: it does not start with the host', 'the service containerd is failed']);
  expect(serviceDifferences('a', { kubelet: { enabled: 'not-found', active: 'inactive' } })).toHaveLength(1);
});

test('the first line that differs', () => {
  expect([firstLine('a\nb\n', 'a\nb\n'), firstLine('a\nX\n', 'a\nb\n'), firstLine('a\n', 'a\nb\n'), firstLine('a\nb\nc', 'a\nb\n')]).toEqual([undefined, 2, 2, 3]);
});

describe('the entity', () => {
  const spec = aCluster(1, 1);
  const wants = (drift: { everyMs?: number; converge: boolean }, more: Partial<EntityState> = {}): EntityState => {
    const entity = newEntity('default');
    return { ...entity, current: { ...entity.current, created: true }, desired: { spec: { ...spec, policy: { ...spec.policy, drift } }, digest: 'd', by: 'ana', at: 't' }, ...more };
  };
  const report = (more: Partial<DriftReport> = {}): DriftReport => ({ cluster: 'default', at: 't1', unseen: [], differences: [{ host: 'a', kind: 'file', file: '/x', line: 3, message: 'its content was changed' }], ...more });
  const condition = (state: EntityState) => state.current.conditions.find(({ type }) => type === 'Drifted');

  test('shows what was found; a host that was not seen is not known to be right', () => {
    const state = observeDrift(wants({ converge: false }), report(), 't1');
    expect(condition(state)).toMatchObject({ status: 'True', reason: 'Differs', message: 'a: /x:3: its content was changed', lastTransitionTime: 't1' });
    expect(condition(observeDrift(state, report({ differences: [], unseen: [{ host: 'b', why: 'away' }] }), 't2'))).toMatchObject({ status: 'Unknown', message: 'b was not looked at: away' });
    expect(condition(observeDrift(state, report({ differences: [] }), 't3'))).toMatchObject({ status: 'False', lastTransitionTime: 't3' });
    expect(observeDrift(state, report({ skipped: 'busy' }), 't4')).toBe(state);
  });

  test('mends itself only where the policy says so, at rest, and only what an apply mends', () => {
    const mends = (state: EntityState, of = report()) => convergesOn(observeDrift(state, of, 't1'), of);
    expect(mends(wants({ converge: false }))).toBe(false);
    expect(mends(wants({ converge: true }))).toBe(true);
    expect(mends(wants({ converge: true }, { next: { kind: 'reconcile', requestId: 'r', by: 'bo', at: 't' } }))).toBe(false);
    expect(mends(wants({ converge: true }, { paused: { by: 'bo', at: 't' } }))).toBe(false);
    expect(mends(wants({ converge: true }), report({ differences: [{ host: 'a', kind: 'kubelet', message: 'x' }] }))).toBe(true);
    expect(mends(wants({ converge: true }), report({ differences: [{ host: 'a', kind: 'hosts', message: 'x' }] }))).toBe(false);
  });

  test('starts no apply that its checks would refuse, and none where it is not known what should be there', () => {
    const of = report({ differences: [...report().differences, { host: 'b', kind: 'check', message: 'its clock is 6.0 s ahead of ours' }] });
    const state = observeDrift(wants({ converge: true }), of, 't1');
    expect(convergesOn(state, of)).toBe(false);
    expect(condition(state)).toMatchObject({ status: 'True', reason: 'Differs', message: expect.stringContaining('b: its clock is 6.0 s ahead of ours') as string });
    const lost = report({ differences: [], unknown: { reason: 'ImageNotFound', message: 'what was applied is not known: web:1 is gone' } });
    const dark = observeDrift(state, lost, 't2');
    expect(convergesOn(dark, lost)).toBe(false);
    expect(condition(dark)).toMatchObject({ status: 'Unknown', reason: 'ImageNotFound', message: 'what was applied is not known: web:1 is gone' });
  });

  describe('that finds the same again after an apply for it', () => {
    /** At which of so many looks it starts an apply, and what it says then. */
    const looks = (reports: readonly DriftReport[]): { tries: number[]; state: EntityState } => {
      let state = wants({ converge: true });
      const tries = reports.flatMap((of, at) => {
        state = observeDrift(state, of, `t${at}`);
        return convergesOn(state, of) ? [at + 1] : [];
      });
      return { tries, state };
    };
    const same = (times: number) => Array.from({ length: times }, () => report());
    const other = report({ differences: [{ host: 'b', kind: 'flag', flag: 'x', message: 'y' }] });

    test('tries ever more rarely, and not without end', () => {
      const { tries, state } = looks(same(100));
      expect(tries).toEqual([1, 2, 4, 8, 16]);
      expect(condition(state)?.message).toMatch(/found again each time: it is not tried any more by itself/);
      expect(condition(looks(same(5)).state)?.message).toMatch(/the next try is 3 looks from now/);
      expect(condition(looks(same(7)).state)?.message).toMatch(/the next try is at the next look/);
    });

    test('tries at once what is new, and what had been mended in between', () => {
      const both = report({ differences: [...report().differences, ...other.differences] });
      expect(looks([...same(5), both]).tries).toEqual([1, 2, 4, 6]);
      expect(looks([...same(5), other]).tries).toEqual([1, 2, 4, 6]);
      expect(looks([...same(5), report({ differences: [] }), ...same(1)]).tries).toEqual([1, 2, 4, 7]);
    });

    test('does not count a look that could not know, or that came while somebody held the cluster still', () => {
      const lost = report({ differences: [], unknown: { reason: 'ImageNotFound', message: 'x' } });
      expect(looks([...same(3), lost, ...same(1)]).tries).toEqual([1, 2, 5]);
      const { state } = looks(same(3));
      const held = observeDrift({ ...state, paused: { by: 'bo', at: 't' } }, report(), 't');
      expect(held.mending).toEqual(state.mending);
      expect(condition(held)?.message).not.toMatch(/next try/);
    });

    test('keeps the state small', () => {
      const many = report({ differences: Array.from({ length: 3_000 }, (_, at) => ({ host: `h${at}`, kind: 'file', file: `/f${at}`, message: 'changed' })) });
      expect(JSON.stringify(looks([many]).state.mending).length).toBeLessThan(10_000);
    });
  });

  test('has a schedule for as long as the policy says, and none after a reset', () => {
    expect(wantedSchedule(wants({ everyMs: 5, converge: false }), 'drift')).toBe(5);
    expect(wantedSchedule(wants({ converge: false }), 'drift')).toBeUndefined();
    expect(wantedSchedule(wants({ everyMs: 5, converge: false }, { retired: true }), 'drift')).toBeUndefined();
  });

  test('a long report is cut where a person reads it', () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ host: 'a', kind: 'file' as const, file: `/f${at}`, message: 'changed' }));
    expect(summaryOf(report({ differences: many })).split('\n')).toHaveLength(11);
    expect(describeDifference({ host: 'a', kind: 'service', message: 'x' })).toBe('a: x');
  });
});
