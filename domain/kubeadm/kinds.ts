import type { KubeadmDocuments } from '../cluster';

export type DocumentName = keyof KubeadmDocuments;

/** The kinds that kubeadm's configuration consists of, by the name the spec gives them. */
export const kinds: Readonly<Record<DocumentName, string>> = {
  init: 'InitConfiguration',
  cluster: 'ClusterConfiguration',
  join: 'JoinConfiguration',
  kubelet: 'KubeletConfiguration',
  kubeProxy: 'KubeProxyConfiguration',
};

export const documentNames = Object.keys(kinds) as readonly DocumentName[];
/** The name of a kind that somebody wrote; undefined for any other. */
export const nameOfKind = (kind: unknown): DocumentName | undefined => documentNames.find((name) => kinds[name] === kind);

/** The minor version of `v1.31.2`, which is 31; Kubernetes has had the major 1 since 2015. */
export const minorOf = (version: string): number => Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);

/** The apiVersion that kubeadm of a version reads best: v1beta4 came with 1.31, v1beta3 with 1.22. */
export const kubeadmApi = (version: string): 'v1beta4' | 'v1beta3' => (minorOf(version) >= 31 ? 'v1beta4' : 'v1beta3');

/** The apiVersion line of a document for a Kubernetes version. */
export const apiVersionOf = (name: DocumentName, version: string): string => {
  if (name === 'kubelet') return 'kubelet.config.k8s.io/v1beta1';
  if (name === 'kubeProxy') return 'kubeproxy.config.k8s.io/v1alpha1';
  return `kubeadm.k8s.io/${kubeadmApi(version)}`;
};
