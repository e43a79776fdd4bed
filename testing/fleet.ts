import { utils } from 'ssh2';
import type { Host as HostSpec } from '../domain/cluster';
import { type Found, type Registry, simulations } from './commands/index';
import type { Fault, FaultPlan } from './faults';
import { Host, type Surroundings } from './host';
import { Journal } from './journal';
import { Kubernetes } from './kubernetes';
import type { Simulation } from './simulation';
import { SshHost } from './ssh-host';
import { freePort } from './free-port';

/** A host of a fleet: what it is, and how it is reached. */
export interface FleetHost {
  readonly host: Host;
  readonly ssh: SshHost;
}

/** Scripts that were read lately; they repeat, and reading them takes a comparison with every simulation. */
const mostRemembered = 5_000;

/**
 * Simulated hosts that speak SSH, a thousand and more in one process. In the cluster a host has an address of 10.128.0.0/9; it
 * listens on the same address with 127 in front, at the fleet's port (see fleetRemote).
 */
export class Fleet {
  readonly journal = new Journal();
  /** Asked for every command and every detached job; the first fault counts. */
  readonly plans: FaultPlan[] = [];
  readonly #hosts = new Map<string, FleetHost>();
  readonly #clusters = new Map<string, Kubernetes>();
  readonly #seen = new Map<string, number>();
  readonly #known = new Map<string, Found | undefined>();
  readonly #key = newHostKey();
  readonly #registry: Registry;
  readonly #simulations: readonly Simulation[];
  #added = 0;
  #born = 0;

  private constructor(readonly port: number, more: readonly Simulation[]) {
    this.#registry = {
      find: (script) => this.#find(script),
      fault: ({ host, ...moment }) => this.#fault(host, moment),
      reboot: (host, ms) => void this.reboot(host.address, ms),
    };
    this.#simulations = [...more, ...simulations(this.#registry)];
  }

  /** A fleet without hosts. `simulations` come before the built-in ones: for commands of one's own stages. */
  static async start({ simulations: more = [] }: { readonly simulations?: readonly Simulation[] } = {}): Promise<Fleet> {
    return new Fleet(await freePort(), more);
  }

  /** So many new hosts, ready for logins; any user and password are let in. */
  async add(count: number): Promise<FleetHost[]> {
    const made = Array.from({ length: count }, () => this.#make());
    await Promise.all(made.map(({ ssh }) => ssh.listen()));
    return made;
  }

  /** As hosts of a spec: the first so many are control planes. */
  static inSpec(hosts: readonly FleetHost[], controlPlanes: number, port: number): HostSpec[] {
    return hosts.map(({ host: { address } }, at) => ({ id: address, address, port, roles: [at < controlPlanes ? 'master' : 'node', 'amd64'], credential: 'default', env: [] }));
  }

  get(address: string): FleetHost {
    const found = this.#hosts.get(address);
    if (!found) throw new Error(`the fleet has no host ${address}`);
    return found;
  }

  all(): FleetHost[] {
    return [...this.#hosts.values()];
  }

  /** The machine restarts and is away for so long. */
  async reboot(address: string, ms: number): Promise<void> {
    const { host, ssh } = this.get(address);
    host.powerOff();
    ssh.cut();
    await ssh.refuse();
    await new Promise((resolve) => { setTimeout(resolve, ms); });
    if (!this.#hosts.has(address)) return;
    host.powerOn();
    await ssh.listen();
  }

  /** A key of its own for a host that was installed anew, or that somebody stands in front of. */
  static newHostKey = (): string => newHostKey();

  /** What of such a key a host shows: `<type> <base64>`. */
  static publicKeyOf = (hostKey: string): string => {
    const key = utils.parseKey(hostKey);
    if (key instanceof Error) throw key;
    return `${key.type} ${key.getPublicSSH().toString('base64')}`;
  };

  /** Takes hosts away, and all that is remembered of them. */
  async remove(hosts: readonly FleetHost[]): Promise<void> {
    const gone = new Set(hosts.map(({ host }) => host.address));
    for (const { host, ssh } of hosts) {
      this.#hosts.delete(host.address);
      if (host.kubernetes) this.#clusters.delete(host.kubernetes.ca);
      await ssh.close();
    }
    for (const key of [...this.#seen.keys()]) if (gone.has(key.split(' ')[0]!)) this.#seen.delete(key);
    this.journal.forget(gone);
  }

  async close(): Promise<void> {
    await this.remove(this.all());
  }

  #make(): FleetHost {
    const number = ++this.#added;
    const tail = `${128 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
    const around: Surroundings = {
      journal: this.journal,
      at: (address) => this.#hosts.get(address)?.host,
      clusterOf: (ca) => this.#clusters.get(ca),
      newCluster: (version) => {
        const cluster = new Kubernetes(`cluster-${++this.#born}`, version);
        this.#clusters.set(cluster.ca, cluster);
        return cluster;
      },
    };
    const host = new Host(`10.${tail}`, `host-${number}`, around);
    const made = { host, ssh: new SshHost(host, { hostKey: this.#key, listen: { host: `127.${tail}`, port: this.port } }, this.#registry) };
    this.#hosts.set(host.address, made);
    return made;
  }

  #find(script: string): Found | undefined {
    if (this.#known.has(script)) return this.#known.get(script);
    let found: Found | undefined;
    for (const simulation of this.#simulations) {
      const args = simulation.reads(script);
      if (!args) continue;
      found = { simulation, args };
      break;
    }
    if (this.#known.size > mostRemembered) this.#known.clear();
    this.#known.set(script, found);
    return found;
  }

  #fault(host: Host, moment: { readonly name: string; readonly args: readonly string[] }): Fault | undefined {
    const key = `${host.address} ${moment.name} ${moment.args.join(' ')}`;
    const before = this.#seen.get(key) ?? 0;
    this.#seen.set(key, before + 1);
    for (const plan of this.plans) {
      const fault = plan({ ...moment, host: host.address, before });
      if (fault) return fault;
    }
    return undefined;
  }
}

/** The generator of ssh2 makes a key now and then that its own parser refuses. */
function newHostKey(): string {
  for (;;) {
    const { private: key } = utils.generateKeyPairSync('ed25519');
    if (!(utils.parseKey(key) instanceof Error)) return key;
  }
}
