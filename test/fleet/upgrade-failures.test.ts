import { kubeletConfigPath } from '../../domain/drift/host-settings';
import type { Fault, FleetHost } from '../../testing';
import { withTemporal } from '../temporal/env';
import { type Made, type Stand, version } from './stand';
import { at, expectUpgraded, former, formerCluster, nodeOf, notes, runs, upgradesOf } from './upgrading';
import { withStand } from './with-stand';

jest.setTimeout(180_000);

withTemporal('an upgrade that fails on a control plane', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  const breaks = ({ host }: FleetHost, name: string, fault: Extract<Fault, { kind: 'exit' }>) =>
    stand.breaks((moment) => (moment.host === host.address && moment.name === name ? fault : undefined));
  const endsWell = async (one: Made, operation: string): Promise<void> => {
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success', message: `${one.hosts.length} nodes Ready at ${version}` });
    expectUpgraded(one);
  };

  test('kubeadm fails and has changed nothing: the host is as it was and in service, nobody else is touched, a retry goes on', async () => {
    const one = await formerCluster(stand, 2, 1);
    const leader = one.controlPlanes[0]!;
    const before = runs(leader);
    const broken = breaks(leader, 'job: kubeadm upgrade', { kind: 'exit', code: 1, when: 'before', words: 'the static pod did not come up\n' });
    const { operation } = await one.cluster.apply(at(one.spec, version));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({
      reason: 'RolledBack', message: expect.stringMatching(`Upgrade on ${leader.host.address}: .*stays at ${former}, its upgrade to ${version} failed: .*did not come up.*nothing was changed`) as string,
    });
    expect(runs(leader)).toEqual(before);
    expect(nodeOf(leader)).toMatchObject({ version: former, unschedulable: false });
    expect(notes(leader)).toEqual([]);
    expect(one.hosts.flatMap((host) => upgradesOf(stand, host))).toEqual([]);

    broken.mend();
    await one.cluster.retry();
    await endsWell(one, operation);
    expect(upgradesOf(stand, leader)).toEqual(['kubeadm upgrade', 'upgrade the kubelet']);
  });

  test('kubeadm fails when static pods are new: it says that there is no way back, keeps the host away, and a retry goes on from there', async () => {
    const one = await formerCluster(stand, 2, 1);
    const [leader, second] = one.controlPlanes as [FleetHost, FleetHost];
    const broken = breaks(leader, 'job: kubeadm upgrade', { kind: 'exit', code: 1, when: 'after', words: 'timed out waiting for the addons\n' });
    const { operation } = await one.cluster.apply(at(one.spec, version));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({
      reason: 'CommandFailed',
      message: expect.stringMatching(/waiting for the addons. It is past its point of no return: kube-apiserver, kube-controller-manager, kube-scheduler are not as before.*goes on from here/) as string,
    });
    expect(nodeOf(leader)).toMatchObject({ version: former, unschedulable: true });
    expect([second, ...one.workers].flatMap((host) => upgradesOf(stand, host))).toEqual([]);

    broken.mend();
    await one.cluster.retry();
    await endsWell(one, operation);
    expect(upgradesOf(stand, leader)).toEqual(['kubeadm upgrade', 'kubeadm upgrade', 'upgrade the kubelet']);
    expect(stand.fleet.journal.of(leader.host.address).filter(({ name, args }) => name === 'kubectl drain' && args[0] === leader.host.name)).toHaveLength(1);
  });

  test('the kubelet of the second one does not come up: it runs its old one under new static pods, and a retry goes on from there', async () => {
    const one = await formerCluster(stand, 3, 1);
    const [leader, second, third] = one.controlPlanes as [FleetHost, FleetHost, FleetHost];
    // What the old kubelet is configured by is not what the new one gets.
    second.host.files.write(kubeletConfigPath, `${second.host.files.text(kubeletConfigPath)}# of ${former}\n`);
    const before = runs(second);
    second.host.kubeletRefuses = (_config, its) => its === version;
    const { operation } = await one.cluster.apply(at(one.spec, version));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({
      reason: 'RolledBack', message: expect.stringMatching(`Upgrade on ${second.host.address}: .*runs ${former} again, its kubelet did not come up at ${version}: .*ends again and again`) as string,
    });
    const pods = Object.fromEntries(Object.entries(runs(leader)).filter(([path]) => path.startsWith('/etc/kubernetes/manifests')));
    expect(runs(second)).toEqual({ ...before, ...pods });
    expect(second.host.isActive('kubelet')).toBe(true);
    expect(nodeOf(second)).toMatchObject({ version: former, unschedulable: false });
    expect(nodeOf(leader)).toMatchObject({ version, unschedulable: false });
    expect([third, ...one.workers].flatMap((host) => upgradesOf(stand, host))).toEqual([]);

    second.host.kubeletRefuses = () => false;
    await one.cluster.retry();
    await endsWell(one, operation);
    expect(upgradesOf(stand, second)).toEqual(['kubeadm upgrade', 'upgrade the kubelet', 'restore the kubelet', 'upgrade the kubelet']);
    expect(upgradesOf(stand, leader)).toEqual(['kubeadm upgrade', 'upgrade the kubelet']);
  });
});
