import fc from 'fast-check';
import { type ClusterSpec, controlPlanes, type Host, type KubeadmDocuments } from '../../domain/cluster';
import { quorumOf } from '../../domain/quorum';
import { aCluster, aHost, anImage, someImages } from '../fixtures';
import { type Chance, type Fate, Model } from './model';

const versions = [someImages(), [anImage('kubernetes:v1.35.4', 'rootfs', { version: 'v1.35.4' }), ...someImages().slice(1)]] as const;
const settings: readonly KubeadmDocuments[] = [{}, { kubelet: { maxPods: 50 } }, { cluster: { apiServer: { extraArgs: [{ name: 'v', value: '4' }] } }, kubeProxy: { conntrack: { min: 1 } } }];

const host = (n: number, master: boolean): Host => aHost(`10.0.0.${n}`, master ? 'master' : 'node');
/** Hosts 1 to 5 can be control planes, 6 to 9 workers: nobody changes the role. */
const wanted = fc.record({
  masters: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), nodes: fc.uniqueArray(fc.integer({ min: 6, max: 9 }), { maxLength: 4 }),
  newer: fc.boolean(), settings: fc.nat(settings.length - 1),
});
type Wish = { masters: number[]; nodes: number[]; newer?: boolean; settings?: number };
const specOf = ({ masters, nodes, settings: at = 0 }: Wish): ClusterSpec => aCluster(1, 0, { hosts: [...masters.map((n) => host(n, true)), ...nodes.map((n) => host(n, false))], kubeadm: settings[at]! });

const faults = fc.array(fc.constantFrom<Fate>('done', 'done', 'fails', 'half'), { maxLength: 25 });
/** Hosts whose Node is deleted, and whose kubelet may have started since: a worker then has all that it needs. */
const nodeless = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 3, selector: ([n]) => n });
const lose = (model: Model, which: readonly [number, boolean][]): void => {
  for (const [n, started] of which) if (model.joined(`10.0.0.${n}`) && (n <= 5 || !started)) model.nodeless.set(`10.0.0.${n}`, started);
};
const picks = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
const chance = (fates: readonly Fate[] = [], numbers: readonly number[] = [0]): Chance => {
  const left = [...fates];
  let turn = 0;
  return { fate: () => left.shift() ?? 'done', pick: (count) => numbers[turn++ % numbers.length]! % count };
};

/**
 * Runs plans until nothing is left; the cluster is there then. Where nothing has failed the first plan has shown all that was
 * done, by whichever rounds.
 */
function converge(model: Model, by: Chance = chance(), forget: readonly string[] = []): { refused: boolean } {
  let failures = 0;
  const before = model.performed.length;
  let shown: string[] | undefined;
  for (let rounds = 1; ; rounds += 1) {
    const plan = model.plan(forget);
    if (plan.problems.some(({ severity }) => severity === 'error')) {
      // What is refused is refused before the first change.
      if (failures === 0) expect(rounds).toBe(1);
      return { refused: true };
    }
    shown ??= plan.jobs.map(({ id }) => id);
    failures += model.run(plan, by);
    if (plan.jobs.length === 0) break;
    expect(rounds).toBeLessThanOrEqual(3 + failures);
  }
  if (failures === 0) expect(model.performed.slice(before).sort()).toEqual([...shown].sort());
  model.record = { ...model.record, created: true };
  return { refused: false };
}

/** Everybody who is wanted is a member, nobody else is, and the same again is nothing to do. */
function expectWhole(model: Model): void {
  expect([...model.members].sort()).toEqual(controlPlanes(model.spec).map(({ id }) => id).sort());
  expect(Object.keys(model.done).filter((id) => model.joined(id)).sort()).toEqual(model.spec.hosts.map(({ id }) => id).sort());
  const version = model.images[0]?.version;
  for (const { id } of model.spec.hosts) expect(model.versions[id]).toMatchObject({ kubelet: version });
  expect(model.addons).toBe(version);
  expect(model.plan().jobs).toEqual([]);
}

test('whatever is wanted after what, whatever fails, also half-way, and whoever is dead meanwhile: nothing that must hold is broken, and it ends with nothing to do', () => {
  const step = fc.record({ wish: wanted, fates: faults, order: picks, deaths: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }), nodeless });
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
    const model = new Model(specOf(steps[0]!.wish), versions[0]);
    let newer = false;
    for (const [at, { wish, fates, order, deaths, nodeless: without }] of steps.entries()) {
      const former = { spec: model.spec, images: model.images };
      model.spec = specOf(wish);
      model.images = versions[newer || wish.newer ? 1 : 0];
      if (at > 0) {
        for (const id of deaths.map((n) => `10.0.0.${n}`)) if (!model.members.includes(id) || model.healthy() > quorumOf(model.members.length)) model.dead.add(id);
      }
      lose(model, without);
      const gone = [...model.dead].filter((id) => !model.spec.hosts.some((one) => one.id === id));
      if (converge(model, chance(fates, order), gone).refused) Object.assign(model, former);
      else newer = model.images === versions[1];
      model.dead.clear();
      if (!model.record.created) continue;
      expect(converge(model, chance([], order)).refused).toBe(false);
      expectWhole(model);
    }
  }), { numRuns: 80 });
}, 120_000);

test('a change touches no host that has what it needs, also no control plane', () => {
  const workers = fc.uniqueArray(fc.integer({ min: 6, max: 9 }), { maxLength: 4 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), workers, workers, fc.nat(settings.length - 1), (masters, before, after, at) => {
    const wish = (nodes: number[]) => specOf({ masters: [1, 2, 3, 4].slice(0, masters), nodes, settings: at });
    const model = new Model(wish(before), versions[0]);
    converge(model);
    model.touched.length = 0;
    model.spec = wish(after);
    converge(model);
    const changed = [...before.filter((n) => !after.includes(n)), ...after.filter((n) => !before.includes(n))].map((n) => `10.0.0.${n}`);
    expect([...new Set(model.touched)].sort()).toEqual(changed.sort());
  }), { numRuns: 40 });
});

test('a Node that is gone comes back, whatever else is wanted and fails; alone it touches its host and no other', () => {
  fc.assert(fc.property(wanted, wanted, nodeless, fc.boolean(), faults, picks, (first, second, which, alone, fates, order) => {
    const model = new Model(specOf(first), versions[0]);
    converge(model);
    model.spec = specOf(alone ? first : second);
    if (!alone && second.newer) model.images = versions[1];
    lose(model, which);
    const gone = [...model.nodeless.keys()];
    model.touched.length = 0;
    const { refused } = converge(model, chance(fates, order));
    if (refused) return;
    expectWhole(model);
    if (!alone) return;
    expect([...new Set(model.touched)].sort()).toEqual(gone.sort());
  }), { numRuns: 40 });
});

test('an upgrade and changed settings touch nobody twice who was done, whatever has failed', () => {
  fc.assert(fc.property(faults, picks, fc.nat(settings.length - 1), (fates, order, at) => {
    const model = new Model(specOf({ masters: [1, 2, 3], nodes: [6, 7] }), versions[0]);
    converge(model);
    model.performed.length = 0;
    model.spec = specOf({ masters: [1, 2, 3], nodes: [6, 7], settings: at });
    model.images = versions[1];
    converge(model, chance(fates, order));
    expectWhole(model);
    const done = model.performed.filter((id) => id.startsWith('Upgrade/'));
    expect(new Set(done).size).toBe(done.length);
  }), { numRuns: 40 });
});

test('with dead hosts: what is done keeps the majority, what would cost it is refused, and they are given up only by a word', () => {
  fc.assert(fc.property(wanted, wanted, fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }), fc.boolean(), (first, second, deaths, force) => {
    const model = new Model(specOf(first), versions[0]);
    converge(model);
    for (const n of deaths) model.dead.add(`10.0.0.${n}`);
    model.spec = specOf(second);
    const gone = [...model.dead].filter((id) => model.joined(id) && !model.spec.hosts.some((one) => one.id === id));
    const { refused } = converge(model, chance(), force ? gone : []);
    if (gone.length > 0 && !force) expect(refused).toBe(true);
    if (!refused) for (const id of gone) expect(model.members).not.toContain(id);
  }), { numRuns: 60 });
});

test('another machine at the address of a member is not touched, and nothing else is while it stands there', () => {
  fc.assert(fc.property(wanted, wanted, fc.nat(8), (first, second, at) => {
    const model = new Model(specOf(first), versions[0]);
    converge(model);
    const { id } = model.spec.hosts[at % model.spec.hosts.length]!;
    model.replace(id);
    model.spec = specOf(second);
    model.touched.length = 0;
    const stays = model.spec.hosts.some((one) => one.id === id);
    const { refused } = converge(model);
    if (stays) expect([refused, model.touched]).toEqual([true, []]);
  }), { numRuns: 40 });
});

test('a cluster of which all hosts are bare is lost: whatever is wanted, nothing is made in its place', () => {
  fc.assert(fc.property(wanted, wanted, (first, second) => {
    const model = new Model(specOf(first), versions[0]);
    converge(model);
    for (const { id } of model.spec.hosts) model.wipe(id);
    model.spec = specOf(second);
    model.touched.length = 0;
    expect(converge(model).refused).toBe(true);
    expect(model.plan().problems.filter(({ severity }) => severity === 'error').map(({ type }) => type)).toContain('ClusterLost');
    expect(model.touched).toEqual([]);
  }), { numRuns: 30 });
});
