import { apiPlace, registryPlace } from '../../domain/api-place';
import { type ClusterSpec, controlPlanes, type Host, isControlPlane } from '../../domain/cluster';
import type { ClusterRecord } from '../../domain/entity';
import { type HostFacts, unreachable } from '../../domain/facts';
import { type Board, verdict } from '../../domain/gates';
import type { ImageFacts } from '../../domain/images';
import { markedInstalled } from '../../domain/installed';
import { marks } from '../../domain/marks';
import { absentOf } from '../../domain/membership';
import { machineProblems, strangerIsAway } from '../../domain/other-machine';
import { type Plan, planCluster } from '../../domain/plan';
import type { PlanJob } from '../../domain/plan-job';
import { isNodeAgain, isTrim } from '../../domain/plan-job';
import type { Problem } from '../../domain/problem';
import { quorumOf } from '../../domain/quorum';
import type { SettingsPart } from '../../domain/settings';
import type { JobState } from '../../domain/status';
import { compareVersions, readVersion } from '../../domain/version';
import { bareFacts, clusterFacts } from '../fixtures';

/** What becomes of a job: it is done, it fails before anything has changed, or half-way. */
export type Fate = 'done' | 'fails' | 'half';

/** What is decided from outside: how a job ends, and which of the jobs that run ends first. */
export interface Chance {
  fate(): Fate;
  pick(count: number): number;
}

interface Running {
  kubelet: string;
  /** Of the API server; on control planes. */
  api?: string;
}

/** Stages in which a control plane is away for a while. */
const away: readonly string[] = ['Upgrade', 'Settings', 'Join', 'Remove'];

/**
 * A cluster in small: marks and versions on hosts, members of etcd, hosts that are dead, machines that are others. It executes
 * plans by the real gates, so many jobs at once as these let begin; a job may fail, also half-way. What must hold at every
 * moment is asked after every step.
 */
export class Model {
  readonly done: Record<string, string[]> = {};
  readonly versions: Record<string, Running> = {};
  readonly machines: Record<string, string> = {};
  readonly dead = new Set<string>();
  /** Hosts whose Node somebody has deleted; true: its kubelet has started since, and has registered one without a role. */
  readonly nodeless = new Map<string, boolean>();
  members: string[] = [];
  /** Version of kube-proxy, once there is a cluster. */
  addons: string | undefined;
  record: ClusterRecord = { conditions: [], hostKeys: {}, images: [], created: false };
  /** Hosts by the jobs that were performed on them; the look at the end is none. */
  readonly touched: string[] = [];
  readonly performed: string[] = [];

  constructor(public spec: ClusterSpec, public images: readonly ImageFacts[]) {}

  private get version(): string {
    return this.images.find(({ kind }) => kind === 'rootfs')?.version ?? '';
  }

  leaving = (): Host[] => Object.values(this.record.members ?? {}).map(({ host }) => host).filter(({ id }) => !this.spec.hosts.some((host) => host.id === id));
  joined = (id: string): boolean => this.done[id]?.some((mark) => mark === marks.init || mark.startsWith('join:')) ?? false;
  healthy = (): number => this.members.filter((id) => !this.dead.has(id)).length;

  /** The host is bare: nothing of the cluster is on it. */
  wipe(id: string): void {
    delete this.done[id];
    delete this.versions[id];
    this.nodeless.delete(id);
  }

  /** The machine at an address is another one, and bare. */
  replace(id: string): void {
    this.wipe(id);
    this.machines[id] = `${this.machines[id] ?? id}'`;
  }

  private look(id: string): HostFacts {
    if (this.dead.has(id)) return unreachable(id, { type: 'HostUnreachable', message: 'no route' });
    const { kubelet, api } = this.versions[id] ?? {};
    return bareFacts(id, {
      done: this.done[id] ?? [], machineId: this.machines[id] ?? id, ...(kubelet ? { kubeletVersion: kubelet, joined: true } : {}), ...(api ? { controlPlaneVersion: api, controlPlane: true } : {}),
    });
  }

  plan(forget: readonly string[] = []): Plan {
    const hosts = [...this.spec.hosts, ...this.leaving()];
    const facts = hosts.map(({ id }) => (this.spec.hosts.some((host) => host.id === id) ? this.look(id) : strangerIsAway(this.look(id), '', this.record)));
    const answers = hosts.some((host) => isControlPlane(host) && !this.dead.has(host.id) && this.joined(host.id)) && this.healthy() >= quorumOf(this.members.length);
    // Nodes of workers as well: a host that has joined is one whether or not it can be reached.
    const everybody = [...new Map([...hosts, ...Object.values(this.record.members ?? {}).map(({ host }) => host)].map((host) => [host.id, host])).values()];
    const plain = answers ? clusterFacts(everybody, this.done, {
      etcd: this.members.map((address) => ({ name: address, address, healthy: !this.dead.has(address) && this.joined(address) })),
      ...(this.addons ? { addons: this.addons } : {}),
    }) : undefined;
    const cluster = plain && {
      ...plain,
      nodes: plain.nodes.filter(({ address }) => this.nodeless.get(address) !== false)
        .map((node) => ({ ...node, version: this.versions[node.address]?.kubelet ?? node.version, controlPlane: node.controlPlane && !this.nodeless.has(node.address) })),
    };
    const mayBeAway = new Set(absentOf(this.spec, new Map(facts.map((one) => [one.host, one])), cluster, this.record).map(({ id }) => id));
    const problems: Problem[] = [
      ...facts.filter(({ host, reachable }) => !reachable && !mayBeAway.has(host) && this.spec.hosts.some(({ id }) => id === host))
        .map(({ host }): Problem => ({ severity: 'error', type: 'PreflightFailed', message: 'cannot be reached', host })),
      ...machineProblems(this.record, facts.filter(({ host }) => this.spec.hosts.some(({ id }) => id === host))),
    ];
    return planCluster({ spec: this.spec, facts, images: this.images, problems, leaving: this.leaving(), last: this.record, forget, silent: cluster === undefined, ...(cluster ? { cluster } : {}) });
  }

  /** Runs a plan by its gates; gives the number of jobs that failed. */
  run(plan: Plan, chance: Chance): number {
    this.remember(plan);
    const states = new Map<string, JobState>();
    const all = [...this.spec.hosts, ...this.leaving()];
    const master = (id: string): boolean => all.some((host) => host.id === id && isControlPlane(host));
    const board: Board = { jobs: plan.jobs, stateOf: (job) => states.get(job.id) ?? 'pending', isControlPlane: master, isEarly: ({ image }) => image === this.images[1]!.digest };
    let failures = 0;
    for (;;) {
      for (let moved = true; moved;) {
        moved = false;
        for (const job of plan.jobs.filter(({ id }) => !states.has(id))) {
          const answer = verdict(job, board);
          if (!answer.go && !answer.blocked) continue;
          states.set(job.id, answer.go ? 'running' : 'blocked');
          moved = true;
        }
      }
      const running = plan.jobs.filter(({ id }) => states.get(id) === 'running');
      if (running.length === 0) break;
      const gone = running.filter(({ stage, host = '', forget }) => away.includes(stage) && !forget && master(host) && this.joined(host) && !this.dead.has(host)).map(({ host }) => host);
      expect(new Set(gone).size).toBeLessThanOrEqual(1);
      const job = running[chance.pick(running.length)]!;
      const fate = chance.fate();
      if (fate !== 'fails') this.perform(job, { plan, all, half: fate === 'half' });
      if (fate !== 'done') failures += 1;
      else this.performed.push(job.id);
      states.set(job.id, fate === 'done' ? 'done' : 'failed');
      this.check();
    }
    expect(plan.jobs.filter(({ id }) => !states.has(id))).toEqual([]);
    return failures;
  }

  private remember(plan: Plan): void {
    const touched = new Set(plan.jobs.flatMap(({ host }) => host ?? []));
    const members = { ...this.record.members };
    const machineIds = { ...this.record.machineIds };
    for (const host of this.leaving()) {
      if (touched.has(host.id)) continue;
      delete members[host.id];
      delete machineIds[host.id];
    }
    for (const { id } of this.spec.hosts) if (!this.dead.has(id)) machineIds[id] = this.machines[id] ?? id;
    for (const host of this.spec.hosts) if (touched.has(host.id)) members[host.id] = { host };
    const ran = this.images.filter(({ kind, digest }) => kind === 'application' && markedInstalled(Object.entries(this.done).map(([id, done]) => bareFacts(id, { done })), digest, { leader: plan.leader, last: this.record })).map(({ digest }) => digest);
    const before = (this.record.installed ?? []).filter((one) => this.images.some(({ digest }) => digest === one));
    this.record = { ...this.record, members, machineIds, leader: plan.leader, installed: [...new Set([...before, ...ran])] };
  }

  private add(host: string, ...these: string[]): void {
    const kind = (mark: string): string => mark.slice(0, mark.indexOf(':') + 1);
    this.done[host] = [...(this.done[host] ?? []).filter((mark) => !these.some((one) => one === mark || (one.includes(':') && !one.startsWith('guest:') && mark.startsWith(kind(one))))), ...these];
  }

  private perform({ id, stage, part, host, image, member, forget, from, ...job }: PlanJob, { plan, all, half }: { plan: Plan; all: readonly Host[]; half: boolean }): void {
    if (!host) return;
    if (stage !== 'PostProcess') this.touched.push(host);
    const of = all.find((one) => one.id === host)!;
    const makes = (): void => { this.versions[host] = { kubelet: this.version, ...(isControlPlane(of) ? { api: this.version } : {}) }; };
    if (isNodeAgain({ id, stage })) return half ? undefined : void this.nodeless.delete(host);
    // They look for the host's Node.
    if (['Upgrade', 'Settings'].includes(stage)) expect(this.nodeless.has(host)).toBe(false);
    if (id.endsWith('/addons')) return half ? undefined : this.upgradeAddons();
    if (stage === 'Upgrade') return this.upgrade(host, { from, half });
    if (half) return;
    if (stage === 'MountRootfs') this.add(host, marks.mount(this.spec, this.images, of, plan.leader));
    if (stage === 'MirrorRegistry') this.mirror({ id, stage, host, ...job }, plan);
    if (stage === 'Bootstrap') this.add(host, ...(id.endsWith('/names') ? [] : [marks.bootstrap(this.spec, this.images, of)]), marks.names(registryPlace(this.spec, plan.leader), apiPlace(this.spec, { host: of, leader: plan.leader, images: this.images })));
    if (stage === 'Settings' && part !== 'node') this.settle(host, part!);
    if (stage === 'Init') { this.addons = this.version; makes(); this.add(host, marks.init, ...marks.settingsOf(of, this.spec.kubeadm)); this.setMembers([host]); }
    if (stage === 'Join') {
      expect(this.healthy()).toBeGreaterThanOrEqual(1);
      if (!this.joined(host)) {
        makes();
        this.add(host, ...marks.settingsOf(of, this.spec.kubeadm));
      }
      this.add(host, isControlPlane(of) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(this.spec)));
      if (isControlPlane(of) && !this.members.includes(host)) this.setMembers([...this.members, host]);
    }
    if (stage === 'Remove') {
      if (!forget) expect(this.dead.has(host)).toBe(false);
      this.setMembers(this.members.filter((one) => one !== (member ?? host)));
      delete this.done[member ?? host];
      this.nodeless.delete(member ?? host);
      delete this.versions[member ?? host];
    }
    if (stage === 'RunGuest') this.add(host, marks.guest(image!));
  }

  private mirror(job: PlanJob, plan: Plan): void {
    const both = plan.jobs.some(({ stage }) => stage === 'Upgrade') && !isTrim(job);
    // Whoever runs the former version still pulls its images.
    if (!both) for (const { id } of this.spec.hosts) if (!this.dead.has(id) && this.versions[id]) expect(this.versions[id]?.kubelet).toBe(this.version);
    this.add(job.host!, both ? marks.registryOfBoth(this.images) : marks.registry(this.images));
  }

  private upgrade(host: string, { from, half }: { from: string | undefined; half: boolean }): void {
    const runs = this.versions[host]!;
    if (from === undefined) {
      // The snapshot is of before: nothing of the new version is there yet.
      for (const { id } of controlPlanes(this.spec)) expect(this.done[id]?.some((mark) => mark.startsWith('upgrading:')) || this.versions[id]?.api === this.version).toBeFalsy();
      return;
    }
    this.add(host, marks.upgrading(this.version));
    if (runs.api !== undefined) {
      runs.api = this.version;
      this.upgradeAddons(() => undefined);
    }
    if (half) return;
    runs.kubelet = this.version;
    this.done[host] = this.done[host]!.filter((mark) => !mark.startsWith('upgrading:'));
  }

  /** kubeadm brings them when no API server is of another version; `otherwise` where one is. */
  private upgradeAddons(otherwise: () => void = () => { throw new Error('a control plane is not upgraded'); }): void {
    const servers = Object.values(this.versions).flatMap(({ api }) => api ?? []);
    if (servers.some((api) => api !== this.version)) return otherwise();
    this.addons = this.version;
  }

  private settle(host: string, part: SettingsPart): void {
    const mark = marks.settings(part, this.spec.kubeadm);
    const hosts = part === 'kube-proxy' ? controlPlanes(this.spec).map(({ id }) => id).filter((id) => !this.dead.has(id) && this.joined(id)) : [host];
    for (const id of hosts) this.add(id, mark);
  }

  /** Whoever is a member, a majority of them answers. */
  private setMembers(next: string[]): void {
    this.members = next;
    expect(this.healthy()).toBeGreaterThanOrEqual(quorumOf(this.members.length));
  }

  /** No worker's kubelet is newer than any API server, no control plane's newer than its own. */
  private check(): void {
    const newer = (one: string, other: string): boolean => compareVersions(readVersion(one)!, readVersion(other)!) > 0;
    const running = Object.values(this.versions);
    const servers = running.flatMap(({ api }) => api ?? []);
    for (const { kubelet, api } of running) for (const server of api === undefined ? servers : [api]) expect(newer(kubelet, server)).toBe(false);
  }
}
