import { defaultPolicy } from '../../domain/cluster';
import { observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Stand, version } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

withTemporal('an upgrade of simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  test('three control planes and four workers go up by one minor version, each once, and end in service', async () => {
    const policy = { ...defaultPolicy, parkRetry: { times: 1000, firstMs: 50, factor: 1 }, approve: { ...defaultPolicy.approve, upgrade: false }, snapshots: { ...defaultPolicy.snapshots, beforeUpgrade: false }, upgrade: { maxUnavailable: '50%' } };
    const made = await stand.cluster(3, 4, { policy, images: ['fleet/kubernetes:v1.33.13', 'fleet/network:1', 'fleet/app:1'] });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success', message: '7 nodes Ready at v1.33.13' });
    expect(await made.cluster.converge({ ...made.spec, images: [`fleet/kubernetes:${version}`, 'fleet/network:1', 'fleet/app:1'] })).toMatchObject({ outcome: 'Success', message: `7 nodes Ready at ${version}` });
    expect(observe({ name: made.cluster.name, version, ...made, commands })).toEqual([]);
    const twice = [...stand.fleet.journal.effects()].filter(([effect, times]) => times > 1 && /upgrade|restore/.test(effect));
    expect(twice).toEqual([]);
    for (const { host } of made.hosts) expect([...host.kubernetes!.nodes.values()].find((node) => node.host === host)).toMatchObject({ version, unschedulable: false });
  });
});
