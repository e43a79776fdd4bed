import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { policyUpdate } from '../../workflows/messages';
import { aCluster, anImage, someImages } from '../fixtures';
import type { ClusterUnderTest } from './cluster-under-test';
import { FakeHosts } from './fake-hosts';
import { withClusters } from './tier';

jest.setTimeout(90_000);

const [cp1, cp2, w1, w2, w3] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'] as const;
const newer = anImage('kubernetes:v1.35.4', 'rootfs', { version: 'v1.35.4' });
const far = anImage('kubernetes:v1.36.3', 'rootfs', { version: 'v1.36.3' });
const spec = (rootfs: string, more: Partial<ClusterSpec> = {}): ClusterSpec => aCluster(2, 3, {
  images: [rootfs, 'flannel', 'web'],
  policy: { ...defaultPolicy, parkRetry: { times: 0, firstMs: 1, factor: 1 }, approve: { ...defaultPolicy.approve, upgrade: false }, snapshots: { ...defaultPolicy.snapshots, beforeUpgrade: false } },
  ...more,
});

let hosts: FakeHosts;
let cluster: ClusterUnderTest;

withClusters('an upgrade', { per: 'file', hosts: () => new FakeHosts(undefined, [...someImages(), newer, far]), given: (now) => { ({ hosts, cluster } = now); } }, () => {
  beforeAll(async () => {
    expect(await cluster.converge(spec('kubernetes'))).toMatchObject({ outcome: 'Success' });
  }, 90_000);

  const calls = (from: number, ...verbs: string[]) => hosts.journal().slice(from).filter(({ verb }) => verbs.includes(verb)).map(({ verb, on, at }) => `${verb} ${on} ${at}`);

  test.each([['kubernetes:v1.36.3', /first apply an image of v1\.35/]])('to %s is refused with the safe way, and changes nothing', async (image, words) => {
    const [before, { log, phase }] = [hosts.changes(), await cluster.view()];
    expect(await cluster.converge(spec(image))).toMatchObject({ outcome: 'Failed', type: 'UnsafePlan', message: expect.stringMatching(words) as string });
    expect(hosts.changes()).toEqual(before);
    expect(await cluster.view()).toMatchObject({ log, phase });
  });

  test('goes leader first, control planes one by one, workers one by one; one that fails stops those after it', async () => {
    const from = hosts.journal().length;
    hosts.fail('upgradeHost', w2, { type: 'RolledBack', message: `${w2} runs v1.34.2 again` });
    const { operation } = await cluster.apply(spec(newer.ref));
    const { running } = await cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining(`Upgrade on ${w2}`) as string });
    expect(running?.waiting?.nextCheckAt).toBeUndefined();
    expect(calls(from, 'upgradeHost')).toEqual([cp1, cp2, w1].flatMap((host) => [`upgradeHost ${host} begin`, `upgradeHost ${host} end`]).concat(`upgradeHost ${w2} begin`));
    // The registry had both versions' images before the first host went.
    expect(calls(from, 'mirrorRegistry', 'upgradeHost').slice(0, 3)).toEqual([`mirrorRegistry ${cp1} begin`, `mirrorRegistry ${cp1} end`, `upgradeHost ${cp1} begin`]);
    expect(hosts.done(cp1).filter((mark) => mark.startsWith('registry:'))).toEqual([expect.stringMatching(/^registry:both-/)]);

    const parked = hosts.journal().length;
    hosts.mend('upgradeHost', w2);
    await cluster.retry();
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success', message: '5 nodes Ready at v1.35.4' });
    await cluster.idle();
    expect(calls(parked, 'upgradeHost')).toEqual([w2, w3].flatMap((host) => [`upgradeHost ${host} begin`, `upgradeHost ${host} end`]));
    // Then the former version's images go, and nothing else is done to anybody.
    expect(calls(parked, 'mirrorRegistry')).toEqual([`mirrorRegistry ${cp1} begin`, `mirrorRegistry ${cp1} end`]);
    expect(hosts.done(cp1).filter((mark) => mark.startsWith('registry:'))).toEqual([expect.not.stringMatching(/both/)]);
  });

  test('is over: the same again is nothing to do, and the former image is refused', async () => {
    const before = hosts.changes();
    expect(await cluster.converge(spec(newer.ref))).toMatchObject({ outcome: 'Success' });
    expect(await cluster.converge(spec('kubernetes'))).toMatchObject({ outcome: 'Failed', type: 'UnsafePlan', message: expect.stringContaining('no way back') as string });
    expect(hosts.changes()).toEqual(before);
  });
});

withClusters('an upgrade whose policy is changed while it runs', { hosts: () => new FakeHosts(undefined, [...someImages(), newer]), given: (now) => { ({ hosts, cluster } = now); } }, () => {
  test('takes as many workers at once as it says now, not as it said at first', async () => {
    await cluster.converge(spec('kubernetes'));
    for (const host of [w1, w2, w3]) hosts.hold('upgradeHost', host);
    const { operation } = await cluster.apply(spec(newer.ref));
    await hosts.reached('upgradeHost', w1);
    const begun = () => hosts.calls().filter(({ verb, on }) => verb === 'upgradeHost' && [w1, w2, w3].some((host) => host === on)).map(({ on }) => on);
    expect(begun()).toEqual([w1]);
    const { policy, ...same } = spec(newer.ref);
    const base = digestOf({ ...same, policy, name: cluster.name });
    await cluster.entity.executeUpdate(policyUpdate, { args: [{ by: 'bo@desk', policy: { ...policy, upgrade: { maxUnavailable: '2' } }, base }] });
    await hosts.reached('upgradeHost', w2);
    expect([begun(), hosts.calls('end').filter(({ verb, on }) => verb === 'upgradeHost' && on === w1)]).toEqual([[w1, w2], []]);
    for (const host of [w1, w2, w3]) hosts.release('upgradeHost', host);
    expect(await cluster.end(operation)).toMatchObject({ outcome: 'Success', message: '5 nodes Ready at v1.35.4' });
  });
});
