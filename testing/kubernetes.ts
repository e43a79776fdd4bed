import type { Host } from './host';

/** A Node of a simulated cluster. Its kubelet is that of a simulated host. */
export interface SimulatedNode {
  readonly name: string;
  readonly host: Host;
  /** It bears the label of the role. */
  controlPlane: boolean;
  version: string;
  unschedulable: boolean;
  /** Nobody has reported for it yet: it was made by hand, and its kubelet has not started since. */
  silent?: boolean;
  /** What its kubelet registered it with, and what was made of it since. */
  labels?: Readonly<Record<string, string>>;
  taints?: readonly SimulatedTaint[];
  annotations?: Readonly<Record<string, string>>;
}

export interface SimulatedTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** A pod of an application. */
export interface SimulatedPod {
  /** Name of its Node. */
  readonly node: string;
  /** The PodDisruptionBudget that guards it. */
  readonly budget?: string;
}

/** What nobody but root of a control plane may read, the same in every simulated cluster: so it can be looked for elsewhere. */
export const clusterSecrets = {
  /** The second half of every token. */
  token: '0123456789abcdef',
  certificateKey: 'f'.repeat(64),
  /** The private key in admin.conf. */
  adminKey: Buffer.from("the administrator's private key").toString('base64'),
} as const;

/**
 * What the hosts of a simulated cluster share: Nodes, etcd's members, tokens, and what was applied. A host finds it by its
 * CA, as a real one does. Nothing here knows Keelson.
 */
export class Kubernetes {
  readonly ca: string;
  readonly nodes = new Map<string, SimulatedNode>();
  /** Hosts that have joined, by the name under which their kubelets register, whether or not the Node is there. */
  readonly kubelets = new Map<string, Host>();
  /** etcd's members by the name of their Node. */
  readonly members = new Map<string, Host>();
  /** Tokens by their id. */
  readonly tokens = new Map<string, string>();
  /** The key of the uploaded certificates, while they are there. */
  certificateKey: string | undefined;
  /** A pod network has been brought: Nodes can become Ready. */
  network = false;
  /** Commands of images that have run against the API, in order. */
  readonly applied: string[] = [];
  /** Pods of applications, by `namespace/name`: those that a test puts there. */
  readonly pods = new Map<string, SimulatedPod>();
  /** How many disruptions each PodDisruptionBudget allows now, by `namespace/name`. */
  readonly budgets = new Map<string, number>();
  /** The documents that kubeadm keeps in the cluster, by their kind: what it was initialised with, or was given since. */
  readonly documents = new Map<string, object>();
  /** What is noted on the ConfigMap of a document, by the document's kind: the mark of what it was made from. */
  readonly noted = new Map<string, string>();
  /** Its ClusterConfiguration of the first day: certificates were made from it. */
  firstConfiguration: object | undefined;
  /** With which configuration its kube-proxies end at once. */
  proxyRefuses: (config: string) => boolean = () => false;
  /** Version of kube-proxy and CoreDNS. */
  addons: string;
  /** What each token was made for, by its id. */
  readonly #purposes = new Map<string, string>();
  #minted = 0;

  constructor(name: string, public kubernetesVersion: string) {
    this.addons = kubernetesVersion;
    this.ca = Buffer.from(`-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`).toString('base64');
  }

  /** Whether etcd has more than half of its members. */
  hasQuorum(): boolean {
    const alive = [...this.members].filter(([name, host]) => host.up && host.isActive('kubelet') && host.files.has('/etc/kubernetes/manifests/etcd.yaml') && host.kubernetes === this && host.nodeName === name).length;
    return alive * 2 > this.members.size;
  }

  /** Whether any control plane answers. */
  isUp(): boolean {
    return [...this.members.values()].some((host) => host.apiReady());
  }

  isReady({ host, silent }: SimulatedNode): boolean {
    return !silent && host.up && host.kubernetes === this && host.isActive('kubelet') && host.isActive('containerd') && this.network;
  }

  /** A token for the join of one host. */
  mint(purpose: string): string {
    this.#minted += 1;
    const id = this.#minted.toString(36).padStart(6, '0');
    const token = `${id}.${clusterSecrets.token}`;
    this.tokens.set(id, token);
    this.#purposes.set(id, purpose);
    return token;
  }

  /** Uploads the certificates for control planes to come; gives their key. */
  uploadCertificates(): string {
    this.certificateKey = clusterSecrets.certificateKey;
    return this.certificateKey;
  }

  /** Deletes the tokens that were made for one purpose. */
  forgetTokensOf(purpose: string): void {
    for (const [id, one] of this.#purposes) if (one === purpose) this.tokens.delete(id);
  }

  add(node: SimulatedNode): void {
    this.nodes.set(node.name, node);
    this.kubelets.set(node.name, node.host);
    if (node.controlPlane) this.members.set(node.name, node.host);
  }

  /** The Nodes as the API has them; with a name only that one, when it is there. */
  list(name?: string) {
    const nodes = name === undefined ? [...this.nodes.values()] : [this.nodes.get(name) ?? []].flat();
    return {
      items: nodes.map((node) => ({
        metadata: { name: node.name, labels: { ...(node.silent ? {} : { 'kubernetes.io/hostname': node.name }), ...(node.controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}), ...node.labels }, ...(node.annotations ? { annotations: node.annotations } : {}) },
        spec: { ...(node.unschedulable ? { unschedulable: true } : {}), ...(node.taints ? { taints: node.taints } : {}) },
        status: {
          addresses: node.silent ? [] : [{ type: 'InternalIP', address: node.host.address }, { type: 'Hostname', address: node.name }],
          nodeInfo: { kubeletVersion: node.version },
          conditions: [this.isReady(node) ? { type: 'Ready', status: 'True', message: 'kubelet is posting ready status' } : { type: 'Ready', status: node.host.up ? 'False' : 'Unknown', message: this.network ? 'Kubelet stopped posting node status.' : 'container runtime network not ready: cni plugin not initialized' }],
        },
      })),
    };
  }
}
