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
    expect(convergesOn(wants({ converge: false }), report())).toBe(false);
    expect(convergesOn(wants({ converge: true }), report())).toBe(true);
    expect(convergesOn(wants({ converge: true }, { next: { kind: 'reconcile', requestId: 'r', by: 'bo', at: 't' } }), report())).toBe(false);
    expect(convergesOn(wants({ converge: true }, { paused: { by: 'bo', at: 't' } }), report())).toBe(false);
    expect(convergesOn(wants({ converge: true }), report({ differences: [{ host: 'a', kind: 'kubelet', message: 'x' }] }))).toBe(true);
    expect(convergesOn(wants({ converge: true }), report({ differences: [{ host: 'a', kind: 'hosts', message: 'x' }] }))).toBe(false);
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
