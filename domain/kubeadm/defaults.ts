import type { Json, KubeadmDocuments } from '../cluster';

/** A hundred years: certificates are made once, as sealos makes them. */
export const longValidity = '876000h';

export const defaultNetworks = { podSubnet: '100.64.0.0/10', serviceSubnet: '10.96.0.0/22', dnsDomain: 'cluster.local' } as const;

const args = (values: Readonly<Record<string, string>>): Json => Object.entries(values).map(([name, value]) => ({ name, value }));

/**
 * sealos's built-in documents, the weakest source. Left out is what equals Kubernetes' own default (written down, it would
 * outlive it), the feature gates `TTLAfterFinished` and `EphemeralContainers` (on by default since 1.23, gone later), the
 * kubelet's health port on all addresses, and the volume `/etc/localtime`: where a host has no such file the static pods
 * would never start.
 */
export const builtInDefaults: KubeadmDocuments = {
  init: {
    localAPIEndpoint: { bindPort: 6443 },
    // Keelson pulls ahead, beside other work. What that missed kubeadm still finds in the cluster's registry; sealos's
    // `Never` would fail there.
    nodeRegistration: { imagePullPolicy: 'IfNotPresent' },
  },
  cluster: {
    networking: defaultNetworks,
    apiServer: {
      extraArgs: args({
        'audit-policy-file': '/etc/kubernetes/audit-policy.yml',
        'audit-log-path': '/var/log/kubernetes/audit.log',
        'audit-log-format': 'json',
        'audit-log-maxbackup': '10',
        'audit-log-maxsize': '100',
        'audit-log-maxage': '7',
        'enable-aggregator-routing': 'true',
      }),
      extraVolumes: [
        { name: 'audit', hostPath: '/etc/kubernetes', mountPath: '/etc/kubernetes', pathType: 'DirectoryOrCreate', readOnly: true },
        { name: 'audit-log', hostPath: '/var/log/kubernetes', mountPath: '/var/log/kubernetes', pathType: 'DirectoryOrCreate' },
      ],
    },
    controllerManager: { extraArgs: args({ 'bind-address': '0.0.0.0', 'cluster-signing-duration': longValidity }) },
    scheduler: { extraArgs: args({ 'bind-address': '0.0.0.0' }) },
    etcd: { local: { extraArgs: args({ 'listen-metrics-urls': 'http://0.0.0.0:2381' }) } },
  },
  join: {
    caCertPath: '/etc/kubernetes/pki/ca.crt',
    nodeRegistration: { imagePullPolicy: 'IfNotPresent' },
  },
  kubelet: {
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
    authorization: { mode: 'Webhook' },
    evictionHard: { 'imagefs.available': '10%', 'memory.available': '100Mi', 'nodefs.available': '10%', 'nodefs.inodesFree': '5%' },
    eventRecordQPS: 50,
    eventBurst: 100,
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
    registryPullQPS: 50,
    registryBurst: 100,
    nodeStatusReportFrequency: '10s',
    rotateCertificates: true,
    serializeImagePulls: false,
  },
  kubeProxy: { mode: 'ipvs', metricsBindAddress: '0.0.0.0' },
};
