import type { ClusterRecord } from '../../domain/entity';
import { inPlaceOf } from '../../domain/override';
import { planCluster } from '../../domain/plan';
import { aCluster, allMarks, anImage, bareFacts, clusterFacts } from '../fixtures';

const images = [anImage('kubernetes', 'rootfs', { version: 'v1.34.2' }), anImage('web:2', 'application')];
const spec = aCluster(1, 0, { images: ['kubernetes', 'web:2'] });
const last = (ref: string, digest: string, created = true): ClusterRecord =>
  ({ conditions: [], hostKeys: {}, created, images: [{ ref, digest, kind: 'application' }] });
const done = allMarks(spec, images.slice(0, 1));
const asked = (of: typeof spec, last: ClusterRecord, force = false) =>
  planCluster({ spec: of, facts: [bareFacts('10.0.0.1', { done: done['10.0.0.1']! })], images, problems: [], last, force, cluster: clusterFacts(spec.hosts, done)! }).approvals;

test('another version of an application that is installed is asked about, in words', () => {
  expect(asked(spec, last('web:1', 'sha256:a'))).toEqual([{ kind: 'override', reason: 'web:2 takes the place of web:1' }]);
  expect(asked(spec, last('web:2', 'sha256:a'))).toEqual([{ kind: 'override', reason: 'web:2 is installed again, with other content' }]);
});

test.each<[string, typeof spec, ClusterRecord, boolean?]>([
  ['a new application', spec, last('db:1', 'sha256:a')],
  ['the same content', spec, last('web:2', images[1]!.digest)],
  ['a cluster that is not there yet', spec, last('web:1', 'sha256:a', false)],
  ['what is forced', spec, last('web:1', 'sha256:a'), true],
  ['a policy that does not ask', { ...spec, policy: { ...spec.policy, approve: { ...spec.policy.approve, override: false } } }, last('web:1', 'sha256:a')],
])('%s is not asked about', (_what, of, before, force = false) => {
  expect(asked(of, before, force)).toEqual([]);
});

test('what was put on record, and never ran, took no place: it is asked about still', () => {
  const [, web] = images;
  const recorded = last('web:1', 'sha256:a');
  const entry = { ref: 'web:2', digest: web!.digest, kind: 'application', ...inPlaceOf(web!, recorded, []) };
  expect(entry).toMatchObject({ inPlaceOf: 'web:1' });
  const after = { ...recorded, images: [entry] };
  expect(asked(spec, after)).toEqual([{ kind: 'override', reason: 'web:2 takes the place of web:1' }]);
  expect(inPlaceOf(anImage('web:3', 'application'), after, [])).toEqual({ inPlaceOf: 'web:1' });
  expect(inPlaceOf(web!, after, [web!.digest])).toEqual({});
});
