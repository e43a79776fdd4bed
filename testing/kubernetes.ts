import type { Host } from './host';

/** A Node of a simulated cluster. Its kubelet is that of a simulated host. */
export interface SimulatedNode {
  readonly name: string;
  readonly host: Host;
  readonly controlPlane: boolean;
  version: string;
  unschedulable: boolean;
  /** What its kubelet registered it with. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly object[];
}

/** A pod of an application. */
export interface SimulatedPod {
  /** Name of its Node. */
  readonly node: string;
  /** The PodDisruptionBudget that guards it. */
  readonly budget?: string;
}

/**
 * What the hosts of a simulated cluster share: Nodes, etcd's members, tokens, and what was applied. A host finds it by its
 * CA, as a real one does. Nothing here knows Keelson.
 */
export class Kubernetes {
  readonly ca: string;
  readonly nodes = new Map<string, SimulatedNode>();
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
  /** Grows with each change, as in Files. */
  version = 0;
  /** What each token was made for, by its id. */
  readonly #purposes = new Map<string, string>();
  #minted = 0;

  constructor(name: string, public kubernetesVersion: string) {
    this.ca = Buffer.from(`-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`).toString('base64');
  }

  /** Whether etcd has more than half of its members. */
  hasQuorum(): boolean {
    const alive = [...this.members].filter(([name, host]) => host.up && host.isActive('kubelet') && host.kubernetes === this && host.nodeName === name).length;
    return alive * 2 > this.members.size;
  }

  /** Whether any control plane answers. */
  isUp(): boolean {
    return [...this.nodes.values()].some(({ host }) => host.apiReady());
  }

  isReady({ host }: SimulatedNode): boolean {
    return host.up && host.kubernetes === this && host.isActive('kubelet') && host.isActive('containerd') && this.network;
  }

  /** A token for the join of one host. */
  mint(purpose: string): string {
    this.#minted += 1;
    this.version += 1;
    const id = this.#minted.toString(36).padStart(6, '0');
    const token = `${id}.${'0123456789abcdef'.slice(0, 16)}`;
    this.tokens.set(id, token);
    this.#purposes.set(id, purpose);
    return token;
  }

  /** Deletes the tokens that were made for one purpose. */
  forgetTokensOf(purpose: string): void {
    for (const [id, one] of this.#purposes) if (one === purpose) this.tokens.delete(id);
    this.version += 1;
  }

  add(node: SimulatedNode): void {
    this.nodes.set(node.name, node);
    if (node.controlPlane) this.members.set(node.name, node.host);
    this.version += 1;
  }

  /** The Nodes as the API has them. */
  list() {
    return {
      items: [...this.nodes.values()].map((node) => ({
        metadata: { name: node.name, labels: { 'kubernetes.io/hostname': node.name, ...(node.controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}), ...node.labels } },
        spec: { ...(node.unschedulable ? { unschedulable: true } : {}), ...(node.taints ? { taints: node.taints } : {}) },
        status: {
          addresses: [{ type: 'InternalIP', address: node.host.address }, { type: 'Hostname', address: node.name }],
          nodeInfo: { kubeletVersion: node.version },
          conditions: [this.isReady(node) ? { type: 'Ready', status: 'True', message: 'kubelet is posting ready status' } : { type: 'Ready', status: node.host.up ? 'False' : 'Unknown', message: this.network ? 'Kubelet stopped posting node status.' : 'container runtime network not ready: cni plugin not initialized' }],
        },
      })),
    };
  }
}
