import { randomUUID } from 'node:crypto';
import type { ClusterSpec } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { type FleetHost, observe } from '../../testing';
import { amendUpdate, desiredQuery, skipUpdate } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import { commands, type Made, type Stand, version } from './stand';
import { at, expectUpgraded, former, nodeOf } from './upgrading';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

withTemporal('a host that was prepared and has not joined', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  /** The job fails on this host until it is mended. */
  const fails = ({ host }: FleetHost, job: string) => stand.breaks((moment) => (moment.host === host.address && moment.name === job ? { kind: 'exit', code: 1, when: 'before' } : undefined));
  const prepared = ({ host }: FleetHost): string | undefined => host.files.text('/usr/bin/kubelet')?.trim();
  const amend = async ({ cluster }: Made, change: (spec: ClusterSpec) => ClusterSpec): Promise<void> => {
    const saved = (await cluster.entity.query(desiredQuery))!;
    const [spec, requestId] = [change(saved), randomUUID()];
    await cluster.entity.executeUpdate(amendUpdate, { args: [{ requestId, by: 'bo@desk', spec, digest: digestOf(spec), base: digestOf(saved) }], updateId: requestId });
  };

  test('with one image gets the programs of the next before it joins, and members are upgraded as always', async () => {
    const one = await stand.cluster(1, 2);
    const late = one.workers[1]!;
    const { mend } = fails(late, 'job: kubeadm join');
    const { operation } = await one.cluster.apply(at(one.spec, former));
    await one.cluster.parked();
    await one.cluster.entity.executeUpdate(skipUpdate, { args: [{ by: 'bo@desk', host: late.host.address }] });
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    await one.cluster.idle();
    expect(prepared(late)).toBe(former);
    mend();
    expect(await one.cluster.converge(at(one.spec, version))).toMatchObject({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    expect(nodeOf(late).version).toBe(version);
    expectUpgraded(one);
  });

  test('gets those of another image that its operation is given while it waits', async () => {
    const one = await stand.cluster(1, 1);
    const { mend } = fails(one.controlPlanes[0]!, 'job: kubeadm init');
    const { operation } = await one.cluster.apply(at(one.spec, former));
    await one.cluster.parked();
    expect(one.hosts.map(prepared)).toEqual([former, former]);
    mend();
    await amend(one, (spec) => ({ ...spec, images: at(one.spec, version).images }));
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success', message: `2 nodes Ready at ${version}` });
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
  });

  test('with other variables is prepared anew before it joins, and members are not', async () => {
    const one = await stand.cluster(1, 2);
    const late = one.workers[1]!;
    const { mend } = fails(late, 'job: kubeadm join');
    const { operation } = await one.cluster.apply(at(one.spec, version));
    await one.cluster.parked();
    await one.cluster.entity.executeUpdate(skipUpdate, { args: [{ by: 'bo@desk', host: late.host.address }] });
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    await one.cluster.idle();
    mend();
    const since = stand.fleet.journal.entries.length;
    const spec = at(one.spec, version);
    const given = { ...spec, hosts: spec.hosts.map((host) => ({ ...host, env: [{ name: 'criData', value: '/mnt/containerd' }] })) };
    expect(await one.cluster.converge(given)).toMatchObject({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    const scripts = (host: FleetHost): string[] => stand.effects(host, since).filter((name) => name.startsWith('image script'));
    expect(one.hosts.map(scripts)).toEqual(one.hosts.map((host) => (host === late ? ['image script init.sh'] : [])));
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);
  });
});
