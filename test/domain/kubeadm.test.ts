import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeadmDocuments } from '../../domain/cluster';
import { discoveryKubeconfig, initDocuments, joinDocuments } from '../../domain/kubeadm';
import type { NodeSettings } from '../../domain/node-settings';
import { certSans } from '../../domain/kubeadm/cert-sans';
import { effectiveNetworks } from '../../domain/kubeadm/networks';

const planes = [{ id: '10.0.0.1', address: '10.0.0.1' }, { id: '10.0.0.2', address: '10.0.0.2' }];
const host = { criSocket: 'unix:///run/containerd/containerd.sock', cgroupDriver: 'systemd', nodeName: 'one', address: '10.0.0.1' } as const;

interface Given {
  kubeadm?: KubeadmDocuments;
  version?: string;
  defaults?: string;
  vip?: string;
  env?: Record<string, string>;
  hasShim?: boolean;
  alone?: boolean;
  controlPlaneEndpoint?: string;
  node?: NodeSettings;
}
const inputOf = ({ kubeadm = {}, version = 'v1.34.2', defaults = '', alone = false, controlPlaneEndpoint, node, ...image }: Given) => ({
  cluster: {
    kubeadm, controlPlanes: alone ? planes.slice(0, 1) : planes, hosts: alone ? 1 : planes.length + 1,
    ...(controlPlaneEndpoint ? { controlPlaneEndpoint } : {}),
  },
  image: { version, defaults, ...image }, host: { ...host, ...(node ? { node } : {}) },
});
const read = (text: string): JsonObject[] => {
  const documents = parseAllDocuments(text);
  return 'empty' in documents ? [] : documents.map((one) => one.toJS() as JsonObject);
};
const initOf = (given: Given) => {
  const [init, cluster, kubelet, kubeProxy] = read(initDocuments(inputOf(given)));
  return { init, cluster, kubelet, kubeProxy };
};
const joinOf = (given: Given, role: 'control-plane' | 'worker' = 'worker') =>
  read(joinDocuments({ ...inputOf(given), role, discovery: { file: '/run/d.conf', token: 'abcdef.0123456789abcdef' }, certificateKey: 'ff' }))[0];

const imageDefaults = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
timeouts: {controlPlaneComponentHealthCheck: 90s}
nodeRegistration: {ignorePreflightErrors: [SystemVerification]}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
timeouts: {kubeletHealthCheck: 30s}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failSwapOn: false
`;

test.each(['v1.24.17', 'v1.30.14', 'v1.31.14', 'v1.34.2'])('init and join of %s', (version) => {
  const given = { version, defaults: imageDefaults, vip: '10.103.97.2' };
  expect(initDocuments(inputOf(given))).toMatchSnapshot('init');
  const discovery = { token: 'abcdef.0123456789abcdef' };
  expect(joinDocuments({ ...inputOf(given), role: 'control-plane', certificateKey: 'ff', discovery: { ...discovery, file: '/run/d.conf' } })).toMatchSnapshot('join of a control plane, by file');
  expect(joinDocuments({ ...inputOf(given), role: 'worker', discovery: { ...discovery, apiServer: '10.0.0.1:6443', caHashes: ['sha256:aa'] } })).toMatchSnapshot('join of a worker, by token');
});

describe('three sources', () => {
  const args = (from: JsonObject | undefined, component: string) => (from?.[component] as { extraArgs: { name: string; value: string }[] }).extraArgs;

  test('an argument of the user replaces the default of its name, in either form', () => {
    for (const extraArgs of [{ 'audit-log-maxage': 30, 'new-one': 'x' }, [{ name: 'audit-log-maxage', value: '30' }, { name: 'new-one', value: 'x' }]]) {
      const found = args(initOf({ kubeadm: { cluster: { apiServer: { extraArgs } } } }).cluster, 'apiServer');
      expect(found.filter(({ name }) => name === 'audit-log-maxage')).toEqual([{ name: 'audit-log-maxage', value: '30' }]);
      expect(found).toContainEqual({ name: 'new-one', value: 'x' });
      expect(found).toContainEqual({ name: 'audit-log-format', value: 'json' });
    }
  });

  test('an argument that the user gives twice stays twice', () => {
    const issuers = [{ name: 'service-account-issuer', value: 'a' }, { name: 'service-account-issuer', value: 'b' }];
    const found = args(initOf({ kubeadm: { cluster: { apiServer: { extraArgs: issuers } } } }).cluster, 'apiServer');
    expect(found.filter(({ name }) => name === 'service-account-issuer')).toEqual(issuers);
  });

  test('null takes a default away', () => {
    const found = args(initOf({ kubeadm: { cluster: { apiServer: { extraArgs: { 'audit-policy-file': null } } } } }).cluster, 'apiServer');
    expect(found.some(({ name }) => name === 'audit-policy-file')).toBe(false);
  });

  test('the user wins over the image, the image over the defaults', () => {
    const defaults = 'kind: ClusterConfiguration\nnetworking: {podSubnet: 10.1.0.0/16, serviceSubnet: 10.2.0.0/16}\n';
    const { cluster } = initOf({ defaults, kubeadm: { cluster: { networking: { podSubnet: '10.9.0.0/16' } } } });
    expect(cluster?.['networking']).toEqual({ podSubnet: '10.9.0.0/16', serviceSubnet: '10.2.0.0/16', dnsDomain: 'cluster.local' });
  });

  test('volumes are overridden by name', () => {
    const volume = { name: 'audit', hostPath: '/data/audit', mountPath: '/etc/kubernetes', pathType: 'Directory' };
    const { cluster } = initOf({ kubeadm: { cluster: { apiServer: { extraVolumes: [volume] } } } });
    const volumes = (cluster?.['apiServer'] as { extraVolumes: JsonObject[] }).extraVolumes;
    expect(volumes.filter(({ name }) => name === 'audit')).toEqual([volume]);
    expect(volumes).toHaveLength(2);
  });

  test('external etcd drops the local one of weaker sources, and the other way round', () => {
    const external = { endpoints: ['https://e:2379'] };
    expect(initOf({ kubeadm: { cluster: { etcd: { external } } } }).cluster?.['etcd']).toEqual({ external });
    expect(initOf({ defaults: `kind: ClusterConfiguration\netcd: {external: ${JSON.stringify(external)}}`, kubeadm: { cluster: { etcd: { local: { dataDir: '/e' } } } } }).cluster?.['etcd'])
      .toEqual({ local: { dataDir: '/e' } });
  });
});

describe('completion', () => {
  test('a single host has no taint unless the user wants one', () => {
    const taintsOf = (given: Given) => (initOf(given).init?.['nodeRegistration'] as JsonObject)['taints'];
    const mine = [{ key: 'k', effect: 'NoSchedule' }];
    expect(taintsOf({ alone: true })).toEqual([]);
    expect(taintsOf({ alone: true, kubeadm: { init: { nodeRegistration: { taints: mine } } } })).toEqual(mine);
    expect(taintsOf({})).toBeUndefined();
  });

  test('secrets of an InitConfiguration do not come through', () => {
    const { init } = initOf({ kubeadm: { init: { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }], certificateKey: 'secret' } } });
    expect(JSON.stringify(init)).not.toMatch(/abcdef|secret/);
    // kubeadm makes a token of its own, for a day where nobody says otherwise.
    expect(init?.['bootstrapTokens']).toEqual([{ ttl: '15m0s' }]);
  });

  test('the user\'s certificate names come last and once', () => {
    const sans = (initOf({ vip: '10.103.97.2', controlPlaneEndpoint: 'api.example.com:8443', kubeadm: { cluster: { apiServer: { certSANs: ['mine', '10.0.0.1'] } } } }).cluster?.['apiServer'] as JsonObject)['certSANs'];
    expect(sans).toEqual(['127.0.0.1', 'apiserver.cluster.local', '10.103.97.2', '10.0.0.1', '10.0.0.2', 'api.example.com', 'mine']);
    expect(certSans({ controlPlanes: ['a'], controlPlaneEndpoint: '[fd00::1]:6443', user: [] })).toContain('fd00::1');
  });

  test('a virtual IP inside a network is refused', () => {
    expect(() => initOf({ vip: '10.96.1.1' })).toThrow(expect.objectContaining({ type: 'InvalidSpec', message: expect.stringContaining('10.96.1.1 lies in serviceSubnet') }));
    expect(() => initOf({ vip: '10.103.97.2', kubeadm: { cluster: { networking: { serviceSubnet: 'fd00::/112,10.96.0.0/12' } } } })).toThrow('10.103.97.2');
  });

  test('kube-proxy: ipvs with the virtual IP left out, unless somebody wants another mode', () => {
    expect(initOf({ vip: '10.103.97.2' }).kubeProxy).toMatchObject({ mode: 'ipvs', ipvs: { excludeCIDRs: ['10.103.97.2/32'] } });
    expect(initOf({ vip: '10.103.97.2', defaults: 'kind: KubeProxyConfiguration\nmode: nftables' }).kubeProxy).not.toHaveProperty('ipvs');
    expect(initOf({ vip: '10.103.97.2', kubeadm: { kubeProxy: { ipvs: { excludeCIDRs: ['1.1.1.1/32'] } } } }).kubeProxy)
      .toMatchObject({ ipvs: { excludeCIDRs: ['1.1.1.1/32', '10.103.97.2/32'] } });
  });

  test('the kubelet pulls through a shim only where there is one', () => {
    const endpoint = (given: Given) => initOf(given).kubelet?.['imageServiceEndpoint'];
    expect(endpoint({})).toBeUndefined();
    expect(endpoint({ env: { SEALOS_SYS_IMAGE_ENDPOINT: '/var/run/image-cri-shim.sock' } })).toBe('unix:///var/run/image-cri-shim.sock');
    expect(endpoint({ hasShim: true })).toBe('unix:///var/run/image-cri-shim.sock');
    expect(endpoint({ hasShim: true, version: 'v1.26.0' })).toBeUndefined();
  });

  test('the cgroup driver is the host\'s, the socket the user\'s if he names one', () => {
    const { kubelet, init } = initOf({ kubeadm: { kubelet: { cgroupDriver: 'cgroupfs' }, init: { nodeRegistration: { criSocket: 'unix:///run/crio/crio.sock' } } } });
    expect(kubelet?.['cgroupDriver']).toBe('systemd');
    expect((init?.['nodeRegistration'] as JsonObject)['criSocket']).toBe('unix:///run/crio/crio.sock');
  });

  test('validity of certificates', () => {
    expect(initOf({}).cluster).toMatchObject({ certificateValidityPeriod: '876000h', caCertificateValidityPeriod: '876000h' });
    expect(initOf({ kubeadm: { cluster: { certificateValidityPeriod: '8760h' } } }).cluster).toMatchObject({ certificateValidityPeriod: '8760h' });
    expect(initOf({ version: 'v1.30.0' }).cluster).not.toHaveProperty('certificateValidityPeriod');
  });

  test('name, labels and taints of one Node: beside what the documents say of all, and beside that of a control plane', () => {
    const node = { nodeName: 'named', nodeLabels: { gpu: 'yes', 'example.com/rack': 'a' }, nodeTaints: ['gpu=yes:NoSchedule', 'gpu=no:NoSchedule', 'slow:NoExecute'] };
    const own = [{ key: 'gpu', value: 'no', effect: 'NoSchedule' }, { key: 'slow', effect: 'NoExecute' }];
    const master = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
    const args = [{ name: 'node-labels', value: 'gpu=yes,example.com/rack=a' }, { name: 'node-ip', value: '10.0.0.1' }];
    expect(initOf({ node }).init?.['nodeRegistration']).toMatchObject({ name: 'named', taints: [master, ...own], kubeletExtraArgs: args });
    expect(initOf({ node, alone: true }).init?.['nodeRegistration']).toMatchObject({ taints: own });
    expect(joinOf({ node })?.['nodeRegistration']).toMatchObject({ name: 'named', taints: own, kubeletExtraArgs: args });
    expect(joinOf({ node, version: 'v1.30.0' }, 'control-plane')?.['nodeRegistration']).toMatchObject({ taints: [master, ...own], kubeletExtraArgs: { 'node-labels': 'gpu=yes,example.com/rack=a' } });
    const kubeadm = { init: { nodeRegistration: { name: 'documents', taints: [] } }, join: { nodeRegistration: { taints: [{ key: 'x', effect: 'NoSchedule' }], kubeletExtraArgs: { 'node-labels': 'all=1' } } } };
    expect(initOf({ node, kubeadm }).init?.['nodeRegistration']).toMatchObject({ name: 'named', taints: own });
    expect(joinOf({ node, kubeadm })?.['nodeRegistration']).toMatchObject({ taints: [{ key: 'x' }, ...own], kubeletExtraArgs: expect.arrayContaining([{ name: 'node-labels', value: 'all=1,gpu=yes,example.com/rack=a' }]) as unknown });
    expect(joinOf({ kubeadm })?.['nodeRegistration']).toMatchObject({ name: 'one', taints: [{ key: 'x' }] });
  });

  test('a name for all joining hosts does not count; a worker has no control plane part', () => {
    const kubeadm = { join: { nodeRegistration: { name: 'same' }, controlPlane: { certificateKey: 'old' } } };
    expect(joinOf({ kubeadm })).not.toHaveProperty('controlPlane');
    expect(joinOf({ kubeadm })?.['nodeRegistration']).toMatchObject({ name: 'one' });
    expect(joinOf({ kubeadm }, 'control-plane')?.['controlPlane']).toEqual({ certificateKey: 'ff', localAPIEndpoint: { advertiseAddress: '10.0.0.1', bindPort: 6443 } });
  });
});

describe('versions', () => {
  test('unknown feature gates go, the others stay', () => {
    const kubeadm = {
      cluster: { apiServer: { extraArgs: { 'feature-gates': 'TTLAfterFinished=true,Mine=true,EphemeralContainers=true' } }, scheduler: { extraArgs: { 'feature-gates': 'TTLAfterFinished=true' } } },
      kubelet: { featureGates: { EphemeralContainers: true, Mine: true } },
    };
    const { cluster, kubelet } = initOf({ version: 'v1.25.1', kubeadm });
    const gates = (component: string) => (cluster?.[component] as { extraArgs: Record<string, string> }).extraArgs['feature-gates'];
    expect(gates('apiServer')).toBe('Mine=true,EphemeralContainers=true');
    expect(gates('scheduler')).toBeUndefined();
    expect(kubelet?.['featureGates']).toEqual({ EphemeralContainers: true, Mine: true });
  });

  test('timeouts move between the apiVersions', () => {
    const old = { cluster: { apiVersion: 'kubeadm.k8s.io/v1beta2', apiServer: { timeoutForControlPlane: '4m0s' }, dns: { type: 'CoreDNS' }, useHyperKubeImage: false } };
    const { init, cluster } = initOf({ kubeadm: old });
    expect(init?.['timeouts']).toEqual({ controlPlaneComponentHealthCheck: '4m0s' });
    expect(JSON.stringify(cluster)).not.toMatch(/timeoutForControlPlane|CoreDNS|HyperKube/);
    expect(initOf({ version: 'v1.28.0', defaults: imageDefaults }).cluster?.['apiServer']).toMatchObject({ timeoutForControlPlane: '90s' });
    expect(initOf({ version: 'v1.28.0', defaults: imageDefaults }).init).not.toHaveProperty('timeouts');
    expect(joinOf({ kubeadm: { join: { discovery: { timeout: '1m' } } }, defaults: imageDefaults })).toMatchObject({ timeouts: { discovery: '1m', kubeletHealthCheck: '30s' } });
  });
});

test('the networks that a cluster gets', () => {
  expect(effectiveNetworks({ kubeadm: {} })).toEqual({ podSubnet: '100.64.0.0/10', serviceSubnet: '10.96.0.0/22', dnsDomain: 'cluster.local' });
  expect(effectiveNetworks({ kubeadm: { cluster: { networking: { podSubnet: '10.9.0.0/16' } } }, image: { podSubnet: '10.1.0.0/16', serviceSubnet: '10.2.0.0/16' } }))
    .toEqual({ podSubnet: '10.9.0.0/16', serviceSubnet: '10.2.0.0/16', dnsDomain: 'cluster.local' });
});

test('the discovery file names the API and its CA, and holds no secret', () => {
  const [config] = read(discoveryKubeconfig({ server: 'https://10.0.0.1:6443', caData: 'QUJD' }));
  expect(config).toMatchObject({ kind: 'Config', users: [], clusters: [{ cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': 'QUJD' } }] });
});

test('an etc/kubeadm.yml that is no YAML is the image\'s fault', () => {
  expect(() => initOf({ defaults: 'a: [' })).toThrow(expect.objectContaining({ type: 'InvalidImage' }));
});
