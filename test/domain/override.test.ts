import type { ClusterRecord } from '../../domain/entity';
import { overrides } from '../../domain/override';
import { planCluster } from '../../domain/plan';
import { aCluster, anImage, bareFacts } from '../fixtures';

const images = [anImage('kubernetes', 'rootfs', { version: 'v1.34.2' }), anImage('web:2', 'application')];
const spec = aCluster(1, 0, { images: ['kubernetes', 'web:2'] });
const last = (ref: string, digest: string, created = true): ClusterRecord =>
  ({ conditions: [], hostKeys: {}, created, images: [{ ref, digest, kind: 'application' }] });
const plan = planCluster({ spec, facts: [bareFacts('10.0.0.1')], images, problems: [] });

test('another version of an application that is installed is asked about, in words', () => {
  expect(overrides(plan, spec, last('web:1', 'sha256:a'))).toEqual([{ kind: 'override', reason: 'web:2 takes the place of web:1' }]);
  expect(overrides(plan, spec, last('web:2', 'sha256:a'))).toEqual([{ kind: 'override', reason: 'web:2 is installed again, with other content' }]);
});

test.each([
  ['a new application', spec, last('db:1', 'sha256:a')],
  ['the same content', spec, last('web:2', images[1]!.digest)],
  ['a cluster that is not there yet', spec, last('web:1', 'sha256:a', false)],
  ['what is forced', { ...spec, force: true }, last('web:1', 'sha256:a')],
  ['a policy that does not ask', { ...spec, policy: { ...spec.policy, approve: { ...spec.policy.approve, override: false } } }, last('web:1', 'sha256:a')],
])('%s is not asked about', (_what, of, before) => {
  expect(overrides(plan, of, before)).toEqual([]);
});
