import { kubeletConfigPath } from '../../domain/drift/host-settings';
import type { Fault, FleetHost } from '../../testing';
import { approveUpdate } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import { type Made, type Stand, version } from './stand';
import { at, expectUpgraded, former, formerCluster, nodeOf, notes, runs, upgradesOf } from './upgrading';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

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

  test('kubeadm fails when static pods are new, and the look at what it left answers nonsense: nothing is said to be as before, and a retry goes on from there', async () => {
    const one = await formerCluster(stand, 1, 1);
    const leader = one.controlPlanes[0]!;
    let failed = false;
    const broken = stand.breaks(({ host, name }) => {
      if (host !== leader.host.address) return undefined;
      if (name === 'job: kubeadm upgrade') {
        failed = true;
        return { kind: 'exit', code: 1, when: 'after', words: 'timed out waiting for the addons\n' };
      }
      return failed && name === 'look how far the upgrade is' ? { kind: 'answer', stdout: '<html>502 Bad Gateway</html>\n' } : undefined;
    });
    const { operation } = await one.cluster.apply(at(one.spec, version));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({
      reason: 'CommandFailed', message: expect.stringMatching(/waiting for the addons. What that has left there is not known: the answer of .* cannot be read.*is looked at anew/) as string,
    });
    expect(notes(leader)).not.toEqual([]);
    expect(nodeOf(leader)).toMatchObject({ version: former });

    broken.mend();
    await one.cluster.retry();
    await endsWell(one, operation);
    expect(upgradesOf(stand, leader)).toEqual(['kubeadm upgrade', 'kubeadm upgrade', 'upgrade the kubelet']);
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

  /** One whose upgrade comes to no end is deleted; the rest goes on, as if it had never been there. */
  async function goesOnWithout(one: Made, gone: FleetHost): Promise<void> {
    const { operation } = await one.cluster.apply(at(one.spec, version));
    await one.cluster.parked();
    await one.cluster.cancel();
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Cancelled' });
    await one.cluster.idle();

    const left = { ...at(one.spec, version), hosts: one.spec.hosts.filter(({ address }) => address !== gone.host.address) };
    const known = gone.host.kubernetes!;
    const { approvals } = await one.cluster.preview(left);
    expect(approvals).toMatchObject([{ kind: 'removeControlPlane', reason: expect.stringContaining(gone.host.address) as string }]);
    const asks = await one.cluster.apply(left);
    const { waiting } = (await one.cluster.until(({ running }) => running?.waiting?.kind === 'approval')).running!;
    expect(waiting?.message).toContain('the control plane leaves');
    expect(gone.host.isActive('kubelet')).toBe(true);
    await one.cluster.entity.executeUpdate(approveUpdate, { args: [{ by: 'bo@desk', planHash: waiting?.planHash ?? '' }] });
    const others = { ...one, hosts: one.hosts.filter((host) => host !== gone), controlPlanes: one.controlPlanes.filter((host) => host !== gone) };
    await endsWell(others, asks.operation);
    expect([known.addons, [...known.members.keys()].sort()]).toEqual([version, others.controlPlanes.map(({ host }) => host.name).sort()]);
    expect(gone.host.isActive('kubelet')).toBe(false);
  }

  test('the kubelet of the second one never comes up: it is deleted while others wait for their turn, and they go on', async () => {
    const one = await formerCluster(stand, 3, 1);
    const [leader, second] = one.controlPlanes as [FleetHost, FleetHost];
    second.host.kubeletRefuses = (_config, its) => its === version;
    await goesOnWithout(one, second);
    expect(upgradesOf(stand, leader)).toEqual(['kubeadm upgrade', 'upgrade the kubelet']);
  });

  test('the leader is past its point of no return and gets no further: it is deleted, and another one leads the upgrade', async () => {
    const one = await formerCluster(stand, 3, 1);
    const [leader, second] = one.controlPlanes as [FleetHost, FleetHost];
    breaks(leader, 'job: kubeadm upgrade', { kind: 'exit', code: 1, when: 'after', words: 'timed out\n' });
    await goesOnWithout(one, leader);
    expect((await one.cluster.view()).leader ?? second.host.address).toBe(second.host.address);
  });

  test('the last one was given back: it is deleted, and kube-proxy and CoreDNS come along all the same', async () => {
    const one = await formerCluster(stand, 3, 0);
    const third = one.controlPlanes[2]!;
    breaks(third, 'job: kubeadm upgrade', { kind: 'exit', code: 1, when: 'before', words: 'the static pod did not come up\n' });
    await goesOnWithout(one, third);
  });
});
