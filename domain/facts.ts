import type { FixedSettings } from './kubeadm/fixed';

/** What one look at one host reports. Small JSON: it enters histories. A host that cannot be reached is a fact too. */
export interface HostFacts {
  readonly host: string;
  readonly reachable: boolean;
  /** Why not, when it is not: an error type, a message, what to do. */
  readonly problem?: { readonly type: string; readonly message: string; readonly todo?: string };
  /** `<type> <base64>` as the host showed it, and its SHA256 fingerprint for people. */
  readonly hostKey?: string;
  readonly fingerprint?: string;
  readonly hostname?: string;
  readonly machineId?: string;
  readonly os?: { readonly id: string; readonly version: string };
  readonly arch?: string;
  readonly kernel?: string;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  /** Host clock minus ours, milliseconds, the round trip taken out. */
  readonly clockSkewMs?: number;
  /** TCP ports in LISTEN of those Kubernetes needs. */
  readonly busyPorts?: readonly { readonly port: number; readonly process: string }[];
  /** Free bytes at the folders that images, the container runtime, the kubelet and etcd fill, or the ones these will be made in. */
  readonly freeBytes?: Readonly<Record<string, number>>;
  /** Which file system each of these folders lies in: the same word, the same file system. */
  readonly fileSystems?: Readonly<Record<string, string>>;
  /** Programs that Keelson needs and the host lacks. */
  readonly missingTools?: readonly string[];
  readonly systemd?: boolean;
  /** Addresses of the host, to find two ids that are one machine and overlapping networks. */
  readonly addresses?: readonly string[];
  readonly routes?: readonly string[];
  /** Keelson's mark: whose the host is. */
  readonly claim?: { readonly cluster: string; readonly uid: string };
  /** A Kubernetes or sealos installation without our mark, in words. */
  readonly foreign?: string;
  /** Container runtimes on a host without our mark, e.g. `dockerd`: no obstacle by themselves. */
  readonly runtimes?: readonly string[];
  /** Digest of each set of files that is complete on the host, by the set's name. */
  readonly trees: Readonly<Record<string, string>>;
  /** Marks of finished steps, e.g. `bootstrap:<digest>`, `guest:<digest>:0`. */
  readonly done: readonly string[];
  /** A kubelet that has joined: /etc/kubernetes/kubelet.conf is there. */
  readonly joined: boolean;
  /** kube-apiserver static pod manifest is there. */
  readonly controlPlane: boolean;
  readonly kubeletVersion?: string;
  /** Of the API server's image, as its static pod manifest names it, with the `v`. */
  readonly controlPlaneVersion?: string;
  readonly kubeletActive?: boolean;
  /** Of all certificates of Kubernetes on this host the one that expires first, and when (ISO). */
  readonly certificatesExpire?: { readonly name: string; readonly at: string };
  /** The API server of this host answers /readyz. */
  readonly apiReady?: boolean;
}

/** Facts of a host that could not be reached. */
export const unreachable = (host: string, problem: NonNullable<HostFacts['problem']>): HostFacts => ({
  host, reachable: false, problem, trees: {}, done: [], joined: false, controlPlane: false,
});

/** One Node object, as the API has it. */
export interface NodeFacts {
  readonly name: string;
  /** InternalIP. */
  readonly address: string;
  /** Of the kubelet, with the `v`. */
  readonly version: string;
  readonly ready: boolean;
  readonly controlPlane: boolean;
  /** Cordoned. */
  readonly unschedulable: boolean;
  /** How it differs from what the Policy wants of it, in the words of kubectl: `label gpu=yes`, `label gpu-`, `name one` (domain/node-changes.ts). */
  readonly lacks?: readonly string[];
  /** Why it is not ready, in the kubelet's words. */
  readonly reason?: string;
}

/** What one look through a control plane that answers reports of the whole cluster. Absent when no API answers. */
export interface ClusterFacts {
  /** Host id of the control plane that was asked. */
  readonly through: string;
  readonly nodes: readonly NodeFacts[];
  /** etcd's members by their peer address; healthy: answered just now. The id as etcdctl prints it. */
  readonly etcd: readonly { readonly id?: string; readonly name: string; readonly address: string; readonly healthy: boolean }[];
  /** What of its configuration cannot be changed any more; absent when it does not say. */
  readonly fixed?: FixedSettings;
  /** Version of kube-proxy as the cluster's DaemonSet brings it, and CoreDNS with it; absent where it has none. */
  readonly addons?: string;
}
