import type { Kubernetes } from './kubernetes';

export const manifestsDir = '/etc/kubernetes/manifests';
const sections = { etcd: 'etcd', 'kube-apiserver': 'apiServer', 'kube-controller-manager': 'controllerManager', 'kube-scheduler': 'scheduler' } as const;
export const podNames = Object.keys(sections) as readonly (keyof typeof sections)[];

/** The manifest that kubeadm would write: what the configuration says of the pod, and its image. Names of certificates are not in it. */
export function manifestOf(name: keyof typeof sections, version: string, configuration: object | undefined): string {
  const { certSANs: _names, ...said } = ((configuration as Record<string, Record<string, unknown>> | undefined)?.[sections[name]] ?? {});
  return `# ${JSON.stringify(said)}\nimage: ${name}:${version}\n`;
}

/** The manifests of a control plane of this cluster, by their paths. */
export const manifestsOf = (cluster: Kubernetes, version = cluster.kubernetesVersion): [string, string][] =>
  podNames.map((name) => [`${manifestsDir}/${name}.yaml`, manifestOf(name, version, cluster.documents.get('ClusterConfiguration'))]);
