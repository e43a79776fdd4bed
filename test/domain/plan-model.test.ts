import fc from 'fast-check';
import { apiPlace, registryPlace } from '../../domain/api-place';
import { type ClusterSpec, controlPlanes, type Host, isControlPlane } from '../../domain/cluster';
import type { ClusterRecord } from '../../domain/entity';
import { type HostFacts, unreachable } from '../../domain/facts';
import { type Board, verdict } from '../../domain/gates';
import { marks } from '../../domain/marks';
import { type Plan, type PlanJob, planCluster } from '../../domain/plan';
import { quorumOf } from '../../domain/quorum';
import type { JobState } from '../../domain/status';
import { aCluster, aHost, bareFacts, clusterFacts, someImages } from '../fixtures';

const images = someImages();

/**
 * A cluster in small: marks on hosts, members of etcd, hosts that are dead. It executes plans by the real gates; a job may
 * fail, and after each change of etcd's membership it is asked whether a majority is there.
 */
class Model {
  readonly done: Record<string, string[]> = {};
  readonly dead = new Set<string>();
  members: string[] = [];
  record: ClusterRecord = { conditions: [], hostKeys: {}, images: [], created: false };
  readonly touched: string[] = [];

  constructor(public spec: ClusterSpec) {}

  leaving = (): Host[] => Object.values(this.record.members ?? {}).map(({ host }) => host).filter(({ id }) => !this.spec.hosts.some((host) => host.id === id));

  plan(forget: readonly string[] = []): Plan {
    const hosts = [...this.spec.hosts, ...this.leaving()];
    const facts = hosts.map(({ id }): HostFacts => (this.dead.has(id) ? unreachable(id, { type: 'HostUnreachable', message: 'no route' }) : bareFacts(id, { done: this.done[id] ?? [] })));
    const answers = hosts.some((host) => isControlPlane(host) && !this.dead.has(host.id) && this.joined(host.id)) && this.healthy() >= quorumOf(this.members.length);
    // Nodes of workers as well: a host that has joined is one whether or not it can be reached.
    const everybody = [...new Map([...hosts, ...Object.values(this.record.members ?? {}).map(({ host }) => host)].map((host) => [host.id, host])).values()];
    const cluster = answers ? clusterFacts(everybody, this.done, {
      etcd: this.members.map((address) => ({ name: address, address, healthy: !this.dead.has(address) })),
    }) : undefined;
    return planCluster({ spec: this.spec, facts, images, problems: [], leaving: this.leaving(), last: this.record, forget, ...(cluster ? { cluster } : {}) });
  }

  joined = (id: string): boolean => this.done[id]?.some((mark) => mark === marks.init || mark.startsWith('join:')) ?? false;
  healthy = (): number => this.members.filter((id) => !this.dead.has(id)).length;

  /** Runs a plan by its gates; gives the number of jobs that failed. */
  run(plan: Plan, fails: () => boolean): number {
    this.remember(plan);
    const states = new Map<string, JobState>();
    const all = [...this.spec.hosts, ...this.leaving()];
    const board: Board = {
      jobs: plan.jobs, stateOf: (job) => states.get(job.id) ?? 'pending',
      isControlPlane: (id) => all.some((host) => host.id === id && isControlPlane(host)), isEarly: ({ image }) => image === images[1]!.digest,
    };
    let failures = 0;
    for (let moved = true; moved;) {
      moved = false;
      for (const job of plan.jobs) {
        if (states.has(job.id)) continue;
        const answer = verdict(job, board);
        if (!answer.go && !answer.blocked) continue;
        moved = true;
        if (!answer.go) states.set(job.id, 'blocked');
        else if (fails()) { failures += 1; states.set(job.id, 'failed'); }
        else { this.perform(job, plan, all); states.set(job.id, 'done'); }
      }
    }
    expect(plan.jobs.filter(({ id }) => !states.has(id))).toEqual([]);
    return failures;
  }

  private remember(plan: Plan): void {
    const touched = new Set(plan.jobs.flatMap(({ host }) => host ?? []));
    const members = { ...this.record.members };
    for (const host of this.leaving()) if (!touched.has(host.id)) delete members[host.id];
    for (const host of this.spec.hosts) if (touched.has(host.id)) members[host.id] = { host };
    this.record = { ...this.record, members, leader: plan.leader };
  }

  private perform({ id, stage, part, host, image, member, forget }: PlanJob, plan: Plan, all: readonly Host[]): void {
    if (!host) return;
    this.touched.push(host);
    const of = all.find((one) => one.id === host)!;
    const add = (...these: string[]) => { this.done[host] = [...(this.done[host] ?? []).filter((mark) => !these.some((one) => one.includes(':') && mark.startsWith(one.slice(0, one.indexOf(':') + 1)) && !one.startsWith('guest:'))), ...these]; };
    const names = marks.names(registryPlace(this.spec, plan.leader), apiPlace(this.spec, { host: of, leader: plan.leader, images }));
    if (stage === 'MountRootfs') add(marks.mount(this.spec, images, of, plan.leader));
    if (stage === 'MirrorRegistry') add(marks.registry(images));
    if (stage === 'Bootstrap') add(...(id.endsWith('/names') ? [] : [marks.bootstrap]), names);
    if (stage === 'Settings') add(marks.settings(part!, this.spec.kubeadm));
    if (stage === 'Init') { add(marks.init, ...marks.settingsOf(of, this.spec.kubeadm)); this.setMembers([host]); }
    if (stage === 'Join') {
      expect(this.healthy()).toBeGreaterThanOrEqual(1);
      add(isControlPlane(of) ? marks.joinControlPlane : marks.joinWorker(controlPlanes(this.spec)), ...marks.settingsOf(of, this.spec.kubeadm));
      if (isControlPlane(of) && !this.members.includes(host)) this.setMembers([...this.members, host]);
    }
    if (stage === 'Remove') {
      if (!forget) expect(this.dead.has(host)).toBe(false);
      this.setMembers(this.members.filter((one) => one !== (member ?? host)));
      delete this.done[member ?? host];
    }
    if (stage === 'RunGuest') this.done[host] = [...(this.done[host] ?? []), marks.guest(image!)];
  }

  /** The invariant: whoever is a member, a majority of them answers. */
  private setMembers(next: string[]): void {
    this.members = next;
    expect(this.healthy()).toBeGreaterThanOrEqual(quorumOf(this.members.length));
  }
}

const host = (n: number, master: boolean): Host => aHost(`10.0.0.${n}`, master ? 'master' : 'node');
/** Hosts 1 to 5 can be control planes, 6 to 9 workers: nobody changes the role. */
const wanted = fc.record({ masters: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), nodes: fc.uniqueArray(fc.integer({ min: 6, max: 9 }), { maxLength: 4 }) });
const specOf = ({ masters, nodes }: { masters: number[]; nodes: number[] }): ClusterSpec => aCluster(1, 0, { hosts: [...masters.map((n) => host(n, true)), ...nodes.map((n) => host(n, false))] });

/** Runs plans until nothing is left. Rounds without a failure may be three: the work, what a new leader needs, the look that finds nothing. */
function converge(model: Model, fails: () => boolean, forget: readonly string[] = []): { rounds: number; failures: number; refused: boolean } {
  let failures = 0;
  for (let rounds = 1; ; rounds += 1) {
    const plan = model.plan(forget);
    if (plan.problems.some(({ severity }) => severity === 'error')) return { rounds, failures, refused: true };
    failures += model.run(plan, fails);
    if (plan.jobs.length === 0) return { rounds, failures, refused: false };
    expect(rounds).toBeLessThanOrEqual(4 + failures);
  }
}

test('whatever is wanted after what, and whatever fails: etcd keeps its majority, and it ends with nothing to do', () => {
  fc.assert(fc.property(fc.array(wanted, { minLength: 1, maxLength: 4 }), fc.array(fc.boolean(), { maxLength: 25 }), (wishes, faults) => {
    const left = [...faults];
    const model = new Model(specOf(wishes[0]!));
    for (const wish of wishes) {
      model.spec = specOf(wish);
      const { refused } = converge(model, () => left.shift() ?? false);
      expect(refused).toBe(false);
      expect([...model.members].sort()).toEqual(controlPlanes(model.spec).map(({ id }) => id).sort());
      expect(Object.keys(model.done).filter((id) => model.joined(id)).sort()).toEqual(model.spec.hosts.map(({ id }) => id).sort());
      model.record = { ...model.record, created: true };
      const before = model.touched.length;
      expect(model.plan().jobs).toEqual([]);
      expect(model.touched).toHaveLength(before);
    }
  }));
});

test('a change touches no host that has what it needs', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), (before, after) => {
    const nodes = (count: number) => Array.from({ length: count }, (_, at) => 6 + at);
    const model = new Model(specOf({ masters: [1, 2, 3], nodes: nodes(before) }));
    converge(model, () => false);
    model.record = { ...model.record, created: true };
    model.touched.length = 0;
    model.spec = specOf({ masters: [1, 2, 3], nodes: nodes(after) });
    converge(model, () => false);
    const changed = nodes(Math.max(before, after)).slice(Math.min(before, after)).map((n) => `10.0.0.${n}`);
    expect([...new Set(model.touched)].filter((id) => id !== '10.0.0.1').sort()).toEqual(changed.sort());
  }));
});

test('with dead hosts: what is done keeps the majority, what would cost it is refused, and they are given up only by a word', () => {
  fc.assert(fc.property(wanted, wanted, fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }), fc.boolean(), (first, second, deaths, force) => {
    const model = new Model(specOf(first));
    converge(model, () => false);
    model.record = { ...model.record, created: true };
    for (const n of deaths) model.dead.add(`10.0.0.${n}`);
    model.spec = specOf(second);
    const fresh = model.spec.hosts.filter(({ id }) => model.dead.has(id) && !model.joined(id));
    if (fresh.length > 0) return;
    const gone = [...model.dead].filter((id) => model.joined(id) && !model.spec.hosts.some((one) => one.id === id));
    const { refused } = converge(model, () => false, force ? gone : []);
    if (gone.length > 0 && !force) expect(refused).toBe(true);
    if (!refused) for (const id of gone) expect(model.members).not.toContain(id);
  }));
});
