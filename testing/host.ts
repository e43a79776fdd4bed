import { Files } from './files';
import type { Job } from './job';
import type { Journal } from './journal';
import type { Kubernetes } from './kubernetes';
import type { Speaker } from './program';
import { stateDir } from '../domain/host-paths';

/** Something that runs on a host: a command that came over SSH and has not ended. */
export interface RunningCommand {
  readonly pid: number;
  readonly name: string;
  /** Ends it, as a signal to its process group does. */
  readonly end: () => void;
}

/** What hosts know of each other: the network and the clusters on it. */
export interface Surroundings {
  readonly journal: Journal;
  /** A host by its address in the cluster. */
  at(address: string): Host | undefined;
  clusterOf(ca: string): Kubernetes | undefined;
  newCluster(version: string): Kubernetes;
}

/** One simulated machine: files, services, processes and detached jobs. Commands change it (testing/commands/). */
export class Host {
  readonly files = new Files();
  readonly jobs: Job[] = [];
  readonly processes = new Map<number, RunningCommand>();
  /** The host's clock minus ours, milliseconds. */
  clockOffsetMs = 0;
  up = true;
  boots = 1;
  /** As /etc/machine-id has it. */
  machineId: string;
  /** With which configuration, or in which version, its kubelet ends at once, and how often systemd has started it since. */
  kubeletRefuses: (config: string, version: string) => boolean = () => false;
  kubeletRestarts = 0;
  /** With which manifest a static pod ends at once. */
  podRefuses: (manifest: string) => boolean = () => false;
  /** The cluster whose CA lies on the host. */
  kubernetes: Kubernetes | undefined;
  /** Programs of others that listen, by their port. */
  readonly listens = new Map<number, string>();
  readonly #active = new Set<string>();
  #pid = 1000;

  /** The name of its Node, while it is one. */
  nodeName: string;

  constructor(readonly address: string, readonly name: string, readonly around: Surroundings) {
    this.machineId = address.replaceAll('.', '');
    this.nodeName = name;
    this.files.write('/etc/hosts', '127.0.0.1 localhost\n');
    this.files.version = 0;
  }

  /** Changes that left something different behind on this host: files and services. */
  get version(): number {
    return this.files.version;
  }

  nextPid(): number {
    return ++this.#pid;
  }

  isActive(service: string): boolean {
    return this.up && this.#active.has(service);
  }

  start(service: string): void {
    if (!this.#active.has(service)) this.files.version += 1;
    this.#active.add(service);
  }

  stop(service: string): void {
    if (this.#active.delete(service)) this.files.version += 1;
  }

  /** Writes down that something was done to this host which must not be done twice by chance. */
  did(name: string, args: readonly string[] = [], speaker?: Speaker): void {
    this.around.journal.add({ host: this.address, kind: 'effect', name, args, changed: true, bytesIn: 0, bytesOut: 0, ...(speaker ? { speaker } : {}) });
  }

  /** The address behind a name, by /etc/hosts: the first line that has it. */
  resolve(name: string): string | undefined {
    for (const line of (this.files.text('/etc/hosts') ?? '').split('\n')) {
      const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (names.includes(name)) return address;
    }
    return undefined;
  }

  marks(): string[] {
    return this.files.below(`${stateDir}/done`).map((path) => path.slice(`${stateDir}/done/`.length)).sort();
  }

  isControlPlane(): boolean {
    return this.files.has('/etc/kubernetes/manifests/kube-apiserver.yaml');
  }

  /** Whether this host's own API server answers. */
  apiReady(): boolean {
    return this.isControlPlane() && this.isActive('kubelet') && this.isActive('containerd') && this.kubernetes?.hasQuorum() === true;
  }

  /** Whether the API answers at the name by which this host knows it. */
  apiReachable(): boolean {
    const address = this.resolve('apiserver.cluster.local');
    if (address === this.address) return this.apiReady();
    return this.kubernetes !== undefined && this.apiReachableFor(this.kubernetes);
  }

  /** The same for a cluster that the host has not joined yet. */
  apiReachableFor(cluster: Kubernetes): boolean {
    const address = this.resolve('apiserver.cluster.local');
    if (address === '127.0.0.1') return (this.balancerUp() || this.isActive('keelson-api-bridge')) && cluster.isUp();
    const server = address === undefined ? undefined : this.around.at(address);
    return server?.kubernetes === cluster && server.apiReady();
  }

  balancerUp(): boolean {
    return this.isActive('kubelet') && this.files.has('/etc/kubernetes/manifests/keelson-api-balancer.yaml');
  }

  /** What the host has of a Keelson process that may still do something: commands over SSH, also those that only read, and detached jobs. */
  busyWith(): string[] {
    return [...[...this.processes.values()].map(({ name }) => name), ...this.jobs.filter(({ state }) => state === 'running').map(({ id }) => `job ${id}`)];
  }

  /** The machine is off. Whatever lived in memory is gone. */
  powerOff(): void {
    this.up = false;
    for (const { end } of [...this.processes.values()]) end();
    this.processes.clear();
    for (const job of this.jobs) job.vanish();
    for (const path of this.files.below('/run')) this.files.remove(path);
    this.#active.delete('keelson-api-bridge');
  }

  /** Somebody has taken everything away that was ever put on the host, behind Keelson's back. */
  wipe(): void {
    for (const path of this.files.paths()) this.files.remove(path);
    this.#active.clear();
    this.jobs.splice(0);
    this.kubernetes = undefined;
    this.files.write('/etc/hosts', '127.0.0.1 localhost\n');
  }

  /** The same, and the machine is another one by its own word; see SshHost.showKey() for its key. */
  reinstall(): void {
    this.wipe();
    this.machineId += 'f';
  }

  powerOn(): void {
    this.up = true;
    this.boots += 1;
  }
}
