import type { ConfigDocument, EnvEntry, KubeadmDocuments, Sealed } from './cluster';
import type { ImageFacts } from './images';

/**
 * The part of a cluster that an activity on one host needs: no credentials, and of control planes and registries only addresses.
 * It stands in the history once for each stage of each host, so nothing in it may grow with their number.
 */
export interface ClusterSlice {
  readonly name: string;
  /** Host id. */
  readonly leader: string;
  /** Kubernetes version, with the `v`. */
  readonly version: string;
  readonly images: readonly ImageFacts[];
  /** Hosts of the former version are still there. */
  readonly upgrading?: boolean;
  readonly env: readonly EnvEntry[];
  readonly command: readonly string[];
  readonly configs: readonly ConfigDocument[];
  readonly kubeadm: KubeadmDocuments;
  readonly controlPlanes: readonly { readonly id: string; readonly address: string }[];
  /** How many hosts the cluster is to have. */
  readonly hosts: number;
  readonly registryHosts: readonly { readonly id: string; readonly address: string }[];
  /** As in the spec. */
  readonly registryPassword?: Sealed;
  /** `host:port` of an external balancer in front of the API. */
  readonly controlPlaneEndpoint?: string;
}

/** The slice with all workers. */
export interface WholeSlice extends ClusterSlice {
  readonly workers: readonly { readonly id: string; readonly address: string }[];
}
