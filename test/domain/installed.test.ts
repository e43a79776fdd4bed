import type { ClusterRecord } from '../../domain/entity';
import { marks } from '../../domain/marks';
import { planCluster } from '../../domain/plan';
import { recordAfterLook } from '../../domain/record';
import { aCluster, allMarks, anImage, bareFacts, clusterFacts } from '../fixtures';
import { Model } from './model';

const [rootfs, one, two] = [anImage('kubernetes', 'rootfs', { version: 'v1.34.2' }), anImage('web:1', 'application'), anImage('web:2', 'application')];
const spec = aCluster(3, 0);
const [first, second] = spec.hosts.map(({ id }) => id) as [string, string];
const guests = (jobs: readonly { readonly id: string; readonly stage: string }[]) => jobs.filter(({ stage }) => stage === 'RunGuest').map(({ id }) => id);

/** Three control planes; web:1 ran through the first, web:2 took its place through the second. */
function backToOne(last: Partial<ClusterRecord>) {
  const images = [rootfs, one];
  const base = allMarks(spec, [rootfs]);
  const done = { ...base, [first]: [...base[first]!, marks.guest(one.digest)], [second]: [...base[second]!, marks.guest(two.digest)] };
  const record: ClusterRecord = { conditions: [], hostKeys: {}, created: true, leader: second, images: [{ ref: two.ref, digest: two.digest, kind: two.kind }], ...last };
  const facts = spec.hosts.map(({ id }) => bareFacts(id, { done: done[id]! }));
  const plan = planCluster({ spec, facts, images, problems: [], last: record, cluster: clusterFacts(spec.hosts, done)! });
  return { plan, record: recordAfterLook(record, { spec, seen: { images, facts, problems: [] }, plan }) };
}

test('an application that comes back runs, and is asked about, although a host that led once bears its mark', () => {
  const { plan, record } = backToOne({ installed: [two.digest] });
  expect(guests(plan.jobs)).toEqual([`RunGuest/${second}/${one.mountName}`]);
  expect(plan.approvals).toEqual([{ kind: 'override', reason: 'web:1 takes the place of web:2' }]);
  expect(record).toMatchObject({ installed: [], images: [{}, { ref: 'web:1', inPlaceOf: 'web:2' }] });
});

test('where nothing is on record of what has run, as after an adoption, the mark of any host tells', () => {
  const { plan, record } = backToOne({});
  expect(guests(plan.jobs)).toEqual([]);
  expect(record.installed).toEqual([one.digest]);
});

test('the former version comes back also when the leader was away while the newer one took its place', () => {
  const model = new Model(spec, [rootfs, one]);
  const chance = { fate: () => 'done' as const, pick: () => 0 };
  const converge = () => { for (let plan = model.plan(); plan.jobs.length > 0; plan = model.plan()) model.run(plan, chance); };
  converge();
  model.record = { ...model.record, created: true };
  model.dead.add(model.record.leader!);
  model.images = [rootfs, two];
  converge();
  model.dead.clear();
  model.images = [rootfs, one];
  expect(guests(model.plan().jobs)).toEqual([`RunGuest/${model.record.leader!}/${one.mountName}`]);
  converge();
  expect(model.plan().jobs).toEqual([]);
});
