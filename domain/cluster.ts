/** What a person wants: the spec of a cluster. Plain JSON, complete (the client fills in the defaults), secrets sealed. */

/** A secret that only an activity opens: `sealed:v1:<keyId>:<fp>:<nonce>:<ciphertext>` (see home/seal.ts). */
export type Sealed = string;

/** How to log in. Hosts refer to one by id, so that a thousand hosts share one sealed password. */
export interface Credential {
  readonly user: string;
  readonly password?: Sealed;
  /** The private key itself, PEM or OpenSSH format. */
  readonly privateKey?: Sealed;
  readonly passphrase?: Sealed;
  /** Use the ssh-agent at this socket; only where the Temporal worker runs on the same machine. */
  readonly agentSocket?: string;
}

/** A machine reached over SSH. Its id is the address as the spec writes it. */
export interface Host {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** `master` or `node` first of all; also `registry`, an architecture, free words. */
  readonly roles: readonly string[];
  /** Key of `ClusterSpec.credentials`. */
  readonly credential: string;
  /** Variables of this host, over the cluster's. Values of secret names are sealed. */
  readonly env: readonly EnvEntry[];
  /**
   * Host keys the client knew for it (known_hosts), as `<type> <base64>`; one that a person named may be
   * `[<type> ]SHA256:<base64>`. None: first contact decides. `@revoked <type> <base64>` is one that it must not show.
   */
  readonly knownKeys?: readonly string[];
  /** Host keys that the Clusterfile names, in the same forms: only these count then, whatever was known or recorded. */
  readonly hostKeys?: readonly string[];
  /** Kubernetes node name; empty: the host name, in lower case. */
  readonly nodeName?: string;
  /** Labels that its Node gets when it joins, beside those of Kubernetes itself. */
  readonly nodeLabels?: Readonly<Record<string, string>>;
  /** Taints that its Node gets when it joins, as kubectl writes them: `key=value:NoSchedule`. */
  readonly nodeTaints?: readonly string[];
}

export interface EnvEntry {
  readonly name: string;
  readonly value: string | Sealed;
}

/** A Config document of the Clusterfile: a change to one file of the images' trees. */
export interface ConfigDocument {
  readonly name: string;
  readonly path: string;
  /** Exact image reference; absent: every image. */
  readonly match?: string;
  readonly strategy: 'merge' | 'override' | 'insert' | 'append';
  readonly data: string;
}

/** Partial kubeadm documents as the Clusterfile has them, apiVersion and kind included. */
export interface KubeadmDocuments {
  readonly init?: JsonObject;
  readonly cluster?: JsonObject;
  readonly join?: JsonObject;
  readonly kubelet?: JsonObject;
  readonly kubeProxy?: JsonObject;
}

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Keelson's own settings (document kind Policy). Durations are milliseconds. */
export interface Policy {
  /** How many hosts a stage works on at once. */
  readonly parallel: number;
  /** Refuse hosts whose key is not in known_hosts. */
  readonly strictHostKeys: boolean;
  /** A failed stage ends the operation instead of waiting for a person. */
  readonly noWait: boolean;
  /** A parked operation tries again by itself: so often, after so long, growing by this factor. */
  readonly parkRetry: { readonly times: number; readonly firstMs: number; readonly factor: number };
  /** A parked operation goes on waiting as a new run after so long; absent: a day. Not a setting of the Clusterfile. */
  readonly parkRenewMs?: number;
  /** An operation goes on as a new run when its history has so many events; absent: 40 000. Not a setting of the Clusterfile. */
  readonly longHistory?: number;
  /** How long a cancel lets a join go on; absent: three minutes. Not a setting of the Clusterfile. */
  readonly joinEndsMs?: number;
  /** When no try by itself is left, hosts that failed are looked at: after so long, twice as long each time, up to `maxMs`. Absent: a minute, ten. Not a setting of the Clusterfile. */
  readonly parkLook?: { readonly firstMs: number; readonly maxMs: number };
  /** The largest difference between a host's clock and ours. */
  readonly maxClockSkewMs: number;
  /** `warn` instead of refuse when a clock is off by at most 30 s. */
  readonly clockSkew: 'refuse' | 'warn';
  /** How pods leave a host that is upgraded or removed. PodDisruptionBudgets always count. */
  readonly drain: {
    /** Grace period over the pods' own; absent: theirs. */
    readonly graceMs?: number;
    /** So long until a drain that is blocked asks a person; at most `longestDrainMs`. */
    readonly timeoutMs: number;
    /** Also delete pods that no controller will make anew, and data in emptyDir volumes. */
    readonly force: boolean;
  };
  readonly upgrade: {
    /** How many workers may be away at once: a number, or a part of all workers such as `25%` (rounded down, at least one). */
    readonly maxUnavailable: string;
  };
  /** Plans of these kinds wait for a person's approval. */
  readonly approve: { readonly removeControlPlane: boolean; readonly upgrade: boolean; readonly override: boolean };
  /** Snapshots of etcd, kept on every control plane. */
  readonly snapshots: { readonly beforeUpgrade: boolean; readonly keep: number; readonly everyMs?: number };
  /** A look at the hosts now and then; `converge` also mends what it finds. Without `everyMs` none. */
  readonly drift: { readonly everyMs?: number; readonly converge: boolean };
}

export interface ClusterSpec {
  readonly name: string;
  /** References as the user wrote them, in mount order. */
  readonly images: readonly string[];
  readonly hosts: readonly Host[];
  readonly credentials: Readonly<Record<string, Credential>>;
  readonly env: readonly EnvEntry[];
  /** Replaces the CMD of the first image. */
  readonly command: readonly string[];
  readonly configs: readonly ConfigDocument[];
  readonly kubeadm: KubeadmDocuments;
  readonly policy: Policy;
  /**
   * The password of the cluster's own registry, made once for this cluster by the client. A `registryPassword` among the
   * variables counts before it; absent in clusters that were made without: what runs is not given another one.
   */
  readonly registryPassword?: Sealed;
  /** `host:port` of an external load balancer or VIP in front of the API; absent: apiserver.cluster.local. */
  readonly controlPlaneEndpoint?: string;
  /** Run the commands of images again although they ran. */
  readonly force: boolean;
}

/**
 * The longest `drain.timeout`: an activity that works on a host has an hour for an attempt (workflows/on.ts), and one that is cut
 * off there begins its drain anew instead of asking.
 */
export const longestDrainMs = 45 * 60_000;

/** What counts where no Policy document says otherwise. A spec holds its policy whole: a later default is for later applies. */
export const defaultPolicy: Policy = {
  parallel: 20,
  strictHostKeys: false,
  noWait: false,
  parkRetry: { times: 5, firstMs: 10_000, factor: 2 },
  maxClockSkewMs: 5_000,
  clockSkew: 'refuse',
  drain: { timeoutMs: 300_000, force: true },
  upgrade: { maxUnavailable: '1' },
  approve: { removeControlPlane: true, upgrade: true, override: true },
  snapshots: { beforeUpgrade: true, keep: 5 },
  drift: { converge: false },
};

export const isControlPlane = (host: Pick<Host, 'roles'>): boolean => host.roles.includes('master');
export const controlPlanes = (spec: ClusterSpec): Host[] => spec.hosts.filter(isControlPlane);
export const workers = (spec: ClusterSpec): Host[] => spec.hosts.filter((host) => !isControlPlane(host));

/** The control plane that leads; the first one where none leads yet. At most one. */
export function leading(spec: ClusterSpec, leader: string | undefined): Host[] {
  const all = controlPlanes(spec);
  const led = all.filter(({ id }) => id === leader);
  return led.length > 0 ? led : all.slice(0, 1);
}

/** Hosts that serve the cluster's registry: those with the role, or else whoever leads. */
export const registryHosts = (spec: ClusterSpec, leader?: string): Host[] => {
  const named = spec.hosts.filter((host) => host.roles.includes('registry'));
  return named.length > 0 ? named : leading(spec, leader);
};

/** A host with all that an activity needs to reach it: its credential, and the key it showed at first contact. */
export interface HostTarget extends Host {
  readonly cluster: string;
  readonly access: Credential;
  /** `<type> <base64>` of the key that was recorded; a different one is refused. */
  readonly pinnedKey?: string;
  readonly strictHostKeys: boolean;
}

/** How to log in to a host of a spec. */
export const accessOf = ({ credentials }: Pick<ClusterSpec, 'credentials'>, { credential }: Pick<Host, 'credential'>): Credential => credentials[credential] ?? { user: 'root' };

/** As much of a spec as it takes to reach a host. */
type Reach = Pick<ClusterSpec, 'name' | 'credentials'> & { readonly policy: Pick<Policy, 'strictHostKeys'> };
/** A host with its credential, as an activity takes it. */
export const targetOf = (spec: Reach, host: Host, pinnedKey?: string): HostTarget => ({
  ...host,
  cluster: spec.name,
  access: accessOf(spec, host),
  strictHostKeys: spec.policy.strictHostKeys,
  ...(pinnedKey ? { pinnedKey } : {}),
});
