import type { ConfigDocument, EnvEntry, KubeadmDocuments, Policy } from '../cluster';
import type { NodeSettings } from '../node-settings';

/** How to log in, as the Clusterfile says it: in clear, or `sealed:v1:...` where Keelson wrote the file. Absent: not said. */
export interface SshSettings {
  readonly user?: string;
  readonly passwd?: string;
  /** Path of a private key on the machine that reads the file. */
  readonly pk?: string;
  /** The private key itself; counts before `pk`. */
  readonly pkData?: string;
  readonly pkPasswd?: string;
  readonly port?: number;
}

export interface ClusterfileHost extends NodeSettings {
  /** Where it cannot be read: the text that stands for it, which was told. What else is wrong with the host is told beside it. */
  readonly address: string;
  readonly isUnread?: true;
  /** From `ip:port`, else from the group's own `ssh.port`; absent: the cluster's. */
  readonly port?: number;
  readonly roles: readonly string[];
  /** What the host's group says otherwise than `ClusterDocuments.ssh`; see `loginOf`. */
  readonly ssh: SshSettings;
  readonly env: readonly EnvEntry[];
  /** The only keys the host may show; absent: not said. */
  readonly hostKeys?: readonly string[];
}

/** What stands beside a Cluster document. */
export interface DocumentsBeside {
  readonly configs: readonly ConfigDocument[];
  readonly kubeadm: KubeadmDocuments;
  /** What the Policy document says; the rest is `defaultPolicy`. */
  readonly policy: Partial<Policy>;
  /** From the Policy, else from a ClusterConfiguration. */
  readonly controlPlaneEndpoint?: string;
  /** By address, in its normal form. */
  readonly nodes: ReadonlyMap<string, NodeSettings>;
}

/**
 * A Clusterfile as it was read: plain values, secrets in clear, nothing filled in. It lives in the client's memory only;
 * the client seals the secrets, fills in the defaults and makes a ClusterSpec of it. The fields are what `spec-rules`
 * checks afterwards: here only the form is right.
 */
export interface ClusterDocuments extends Omit<DocumentsBeside, 'nodes'> {
  readonly name: string;
  /** References as written, in mount order. */
  readonly images: readonly string[];
  /** In the file's order, one entry per address. */
  readonly hosts: readonly ClusterfileHost[];
  readonly ssh: SshSettings;
  /** `spec.env`, without the names that only Keelson sets. */
  readonly env: readonly EnvEntry[];
  readonly command: readonly string[];
}

/**
 * How to log in to one host: its group's settings over the cluster's, field by field. A key of the group, as `pk` or
 * `pkData`, drops both forms of the cluster's, which would otherwise count before it.
 */
export function loginOf(cluster: SshSettings, host: SshSettings): SshSettings {
  const { pk, pkData, ...rest } = cluster;
  const hasKey = host.pk !== undefined || host.pkData !== undefined;
  return { ...rest, ...(hasKey || pk === undefined ? {} : { pk }), ...(hasKey || pkData === undefined ? {} : { pkData }), ...host };
}
