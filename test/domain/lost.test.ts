import fc from 'fast-check';
import type { ClusterSpec } from '../../domain/cluster';
import type { ClusterRecord } from '../../domain/entity';
import { type ClusterFacts, type HostFacts, unreachable } from '../../domain/facts';
import { lostOf, mayBeginAnew } from '../../domain/lost';
import { marks } from '../../domain/marks';
import { planCluster, refusalOf } from '../../domain/plan';
import { aCluster, aHost, allMarks, bareFacts, clusterFacts, someImages } from '../fixtures';

const images = someImages();
const created: ClusterRecord = { conditions: [], hostKeys: {}, images: [], created: true };
const away = (id: string, type = 'HostUnreachable') => unreachable(id, { type, message: type });

type Look = 'bare' | 'member' | 'away' | 'otherKey';
const factsOf = (spec: ClusterSpec, id: string, look: Look): HostFacts =>
  look === 'bare' ? bareFacts(id) : look === 'away' ? away(id) : look === 'otherKey' ? away(id, 'HostKeyMismatch') : bareFacts(id, { done: allMarks(spec, images)[id] ?? [] });

/** The plan for a cluster whose hosts look so, in the order of the spec; no control plane answers. */
const planOf = (spec: ClusterSpec, looks: readonly Look[], { last = created, cluster }: { last?: ClusterRecord; cluster?: ClusterFacts } = {}) =>
  planCluster({ spec, images, problems: [], last, silent: cluster === undefined, facts: spec.hosts.map(({ id }, at) => factsOf(spec, id, looks[at] ?? 'bare')), ...(cluster ? { cluster } : {}) });
const refusedAs = (...input: Parameters<typeof planOf>) => refusalOf(planOf(...input), undefined)?.type;

test('a known cluster whose hosts are all bare is lost: refused, with both ways out', () => {
  const plan = planOf(aCluster(1, 2), ['bare', 'bare', 'bare']);
  expect(plan.jobs).toEqual([]);
  expect(plan.problems).toEqual([{
    severity: 'error', type: 'ClusterLost', message: expect.stringContaining('nothing of it is on 10.0.0.1') as string,
    todo: expect.stringMatching(/--force makes it anew.*`keelson reset default --forget` forgets it/) as string,
  }]);
  expect(refusalOf(plan, undefined)).toMatchObject({ type: 'ClusterLost' });
});

test('what checks find on the bare hosts does not hide it', () => {
  const spec = aCluster(1, 0);
  const plan = planCluster({ spec, images, last: created, facts: [bareFacts('10.0.0.1')], problems: [{ severity: 'error', type: 'PreflightFailed', message: 'port 6443 is taken' }] });
  expect(refusalOf(plan, undefined)).toMatchObject({ type: 'ClusterLost', message: expect.stringContaining('port 6443') as string });
});

test('one that was never made, or that was forgotten, is not lost: it is made', () => {
  expect(planOf(aCluster(1, 1), ['bare', 'bare'], { last: { ...created, created: false } }).jobs.map(({ id }) => id)).toContain('Init/10.0.0.1');
});

test.each<[string, Look[]]>([
  ['a control plane that cannot be reached may live', ['bare', 'away', 'bare']],
  ['so may the only one', ['away', 'bare', 'bare']],
  ['one that has joined does, though its API is silent', ['bare', 'member', 'bare']],
])('%s', (_what, looks) => {
  const spec = aCluster(looks.length === 3 && looks[0] === 'away' ? 1 : 2, 1);
  expect(refusedAs(spec, looks)).not.toBe('ClusterLost');
});

test('a control plane that leaves counts as well', () => {
  const spec = aCluster(1, 0);
  const leaver = aHost('10.0.0.9', 'master');
  const lost = (facts: HostFacts) => lostOf({ spec, leaving: [leaver], cluster: undefined, last: created, seen: new Map([['10.0.0.1', bareFacts('10.0.0.1')], ['10.0.0.9', facts]]) });
  expect(lost(bareFacts('10.0.0.9', { done: [marks.joinControlPlane] }))).toBeUndefined();
  expect(lost(away('10.0.0.9'))).toBeUndefined();
  // Somebody else's by now.
  expect(lost(away('10.0.0.9', 'HostClaimed'))).toMatchObject({ bare: ['10.0.0.1', '10.0.0.9'] });
});

test('workers of a lost cluster that still are what they were are reset first', () => {
  const plan = planOf(aCluster(1, 2), ['bare', 'member', 'away']);
  expect(plan.problems).toMatchObject([{ type: 'ClusterLost', message: expect.stringContaining('10.0.0.2 still has') as string, todo: expect.stringContaining('`keelson reset default` makes every host bare') as string }]);
});

test('behind another host key the cluster may live: that is said, and is no loss', () => {
  const plan = planOf(aCluster(2, 0), ['otherKey', 'bare']);
  expect(plan.problems.find(({ type }) => type === 'ClusterLost')).toMatchObject({
    severity: 'warning', message: expect.stringContaining('10.0.0.1 shows another host key, 10.0.0.2 is bare') as string, todo: expect.stringMatching(/only if.*installed anew/) as string,
  });
});

test('it begins anew where nobody is left, and past other keys only by another word', () => {
  const of = (...looks: Look[]) => {
    const spec = aCluster(1, looks.length - 1);
    return lostOf({ spec, leaving: [], cluster: undefined, last: created, seen: new Map(spec.hosts.map(({ id }, at) => [id, factsOf(spec, id, looks[at]!)])) });
  };
  expect([mayBeginAnew(of('bare', 'bare'), 'sameKeys'), mayBeginAnew(of('bare', 'otherKey'), 'sameKeys'), mayBeginAnew(of('otherKey', 'bare'), 'sameKeys')]).toEqual([true, false, false]);
  expect([mayBeginAnew(of('bare', 'otherKey'), 'anyKeys'), mayBeginAnew(of('otherKey', 'bare'), 'anyKeys')]).toEqual([true, true]);
  expect([mayBeginAnew(of('bare', 'member'), 'anyKeys'), mayBeginAnew(of('away', 'bare'), 'anyKeys'), mayBeginAnew(of('member'), 'anyKeys')]).toEqual([false, false, false]);
});

test('whatever hosts look like: refused as lost exactly where no control plane can live, and then nothing is done', () => {
  const look = fc.constantFrom<Look>('bare', 'member', 'away', 'otherKey');
  fc.assert(fc.property(fc.array(look, { minLength: 1, maxLength: 5 }), fc.array(look, { maxLength: 4 }), fc.boolean(), (masters, nodes, answers) => {
    const spec = aCluster(masters.length, nodes.length);
    const done = allMarks(spec, images);
    const cluster = answers && masters.includes('member') ? clusterFacts(spec.hosts, done) : undefined;
    const plan = planOf(spec, [...masters, ...nodes], cluster ? { cluster } : {});
    const lost = refusalOf(plan, undefined)?.type === 'ClusterLost';
    expect(lost).toBe(masters.every((one) => one === 'bare'));
    if (lost) expect(plan.jobs).toEqual([]);
    // Nobody joins through a control plane that is not there.
    if (plan.jobs.some(({ stage }) => stage === 'Join')) expect(cluster !== undefined || masters.some((one) => one !== 'bare')).toBe(true);
  }));
});
