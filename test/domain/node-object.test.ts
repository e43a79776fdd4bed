import { registrationOf } from '../../domain/kubeadm';
import type { KubeadmDocuments } from '../../domain/cluster';
import { networkOf } from '../../domain/ip-range';
import { keptRanges, missingOf, newNode, nodeManifest } from '../../domain/node-object';
import type { NodeSettings } from '../../domain/node-settings';

const known = { name: 'h1', socket: '', arch: 'amd64', cpus: 4, memoryKiB: 8_388_608, maxPods: 110, ranges: ['100.64.1.0/24'] };
type Role = 'control-plane' | 'worker';
const made = (role: Role, kubeadm: KubeadmDocuments = {}, settings: NodeSettings = {}, { by = 'join', hosts = 3, ...more }: Partial<typeof known> & { by?: 'init' | 'join'; hosts?: number } = {}) => newNode({
  known: { ...known, ...more }, role, settings,
  ...registrationOf({
    cluster: { kubeadm, controlPlanes: [{ id: 'h1', address: '10.0.0.1' }], hosts }, image: { version: 'v1.34.2', defaults: '' }, role, by,
    host: { criSocket: '', cgroupDriver: 'systemd', nodeName: '', address: '10.0.0.1', node: settings },
  }),
});
const own = { 'kubernetes.io/hostname': 'h1', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
const role = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

describe('a Node that is made anew is what kubeadm and kubelet would have made of it', () => {
  test('a worker has the labels and taints of the Clusterfile, its own names, and a record of what is ours', () => {
    const kubeadm: KubeadmDocuments = { join: { nodeRegistration: { kubeletExtraArgs: [{ name: 'node-labels', value: 'rack=a,gpu=no' }] } }, kubelet: { registerWithTaints: [{ key: 'first', effect: 'NoExecute' }] } };
    expect(made('worker', kubeadm, { nodeLabels: { gpu: 'yes' }, nodeTaints: ['gpu=yes:NoSchedule'] })).toMatchObject({
      name: 'h1', labels: { ...own, rack: 'a', gpu: 'yes' }, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }, { key: 'first', effect: 'NoExecute' }],
      annotations: { 'keelson.dev/node-settings': '{"labels":["gpu"],"taints":["gpu:NoSchedule"]}' },
    });
  });

  test.each<[string, ReturnType<typeof made>, object[]]>([
    ['as kubeadm marks it', made('control-plane'), [role]],
    ['beside the taints of the Policy', made('control-plane', {}, { nodeTaints: ['a:NoSchedule'] }), [role, { key: 'a', effect: 'NoSchedule' }]],
    ['with the taints of the document instead', made('control-plane', { join: { nodeRegistration: { taints: [] } } }), []],
    ['with those of the other document, where init made it', made('control-plane', { init: { nodeRegistration: { taints: [] } } }, {}, { by: 'init' }), []],
    ['without any where it is the only host', made('control-plane', {}, {}, { by: 'init', hosts: 1 }), []],
  ])('a control plane has its role, %s', (_how, { labels, taints }, wanted) => {
    expect(labels).toEqual({ ...own, [role.key]: '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' });
    expect(taints).toEqual(wanted);
  });

  test('the socket of the runtime is noted where kubeadm does not note it on the host; a cloud that looks at it later holds it back', () => {
    expect(made('worker', {}, {}, { socket: 'unix:///run/containerd/containerd.sock' }).annotations).toEqual({ 'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock' });
    expect(made('worker', { join: { nodeRegistration: { kubeletExtraArgs: [{ name: 'cloud-provider', value: 'external' }] } } }).taints).toEqual([{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }]);
  });

  test('it has room from its first moment: a kubelet that starts would refuse its static pods', () => {
    const { status, spec } = JSON.parse(nodeManifest(made('control-plane'))) as { status: Record<string, object>; spec: object };
    const room = { cpu: '4', memory: '8388608Ki', pods: '110' };
    expect(status).toEqual({ capacity: room, allocatable: room });
    expect(spec).toMatchObject({ podCIDR: '100.64.1.0/24', podCIDRs: ['100.64.1.0/24'] });
  });
});

test.each<[string, string[], string[], string[], string[]]>([
  ['what Flannel noted', ['100.64.1.1/24'], ['100.64.0.0/10'], ['100.64.0.0/24'], ['100.64.1.0/24']],
  ['one of each family', ['100.64.1.1/24', 'fd00:1::1/64', '100.64.2.0/24'], ['100.64.0.0/10', 'fd00:1::/48'], [], ['100.64.1.0/24', 'fd00:1::/64']],
  ['nothing that another Node has by now', ['100.64.1.0/24'], ['100.64.0.0/10'], ['100.64.1.0/24'], []],
  ['nothing that another Node has a part of', ['100.64.0.0/16'], ['100.64.0.0/10'], ['100.64.1.0/24'], []],
  ['nothing outside the cluster\'s network', ['172.17.0.0/16'], ['100.64.0.0/10'], [], []],
  ['not the whole network', ['100.64.0.0/10'], ['100.64.0.0/10'], [], []],
  ['nothing that is no range', ['usePodCidr', '', '1.2.3/4'], ['100.64.0.0/10'], [], []],
  ['nothing where nobody knows the network', ['100.64.1.0/24'], [''], [], []],
])('of the ranges on a host a Node keeps %s', (_what, found, networks, taken, kept) => {
  expect(keptRanges(found, networks, taken)).toEqual(kept);
});

test('a range is written by its first address', () => {
  expect(['100.64.1.1/24', '10.0.0.255/32', 'fd00::5/64', 'x'].map(networkOf)).toEqual(['100.64.1.0/24', '10.0.0.255/32', 'fd00::/64', undefined]);
});

describe('a Node that a kubelet has registered by itself', () => {
  const wanted = made('control-plane', {}, { nodeLabels: { rack: 'a' } });

  test('gets what it lacks, and no more', () => {
    const { patch, taints } = missingOf(wanted, { labels: { ...own, rack: 'a', theirs: 'x' }, taints: [{ key: 'theirs', effect: 'NoSchedule' }] });
    expect(JSON.parse(patch!)).toEqual({ metadata: { labels: { [role.key]: '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' }, annotations: { 'keelson.dev/node-settings': '{"labels":["rack"],"taints":[]}' } } });
    expect(taints).toEqual(['node-role.kubernetes.io/control-plane:NoSchedule']);
  });

  test('gets nothing where it has all', () => {
    expect(missingOf(wanted, { labels: wanted.labels, taints: wanted.taints, record: wanted.annotations['keelson.dev/node-settings']! })).toEqual({ taints: [] });
  });
});
