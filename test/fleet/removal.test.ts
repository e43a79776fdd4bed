import { defaultPolicy } from '../../domain/cluster';
import { withTemporal } from '../temporal/env';
import type { Stand } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(300_000);

withTemporal('a control plane that leaves, on simulated hosts', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  test('while another one is away: what the plan lets through, the work does not wait for', async () => {
    const policy = { ...defaultPolicy, noWait: true, approve: { removeControlPlane: false, upgrade: false, override: false } };
    const made = await stand.cluster(5, 0, { policy });
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    const [, , , leaves, away] = made.controlPlanes;
    away!.host.powerOff();
    away!.ssh.cut();
    await away!.ssh.refuse();
    const hosts = made.spec.hosts.filter((_host, at) => at !== 3);
    expect(await made.cluster.converge({ ...made.spec, hosts })).toMatchObject({ outcome: 'Success', message: expect.stringContaining('left out') as string });
    const members = [...made.controlPlanes[0]!.host.kubernetes!.members.keys()];
    expect(members).toHaveLength(4);
    expect(members).not.toContain(leaves!.host.name);
  });
});
