import { type Moment, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { commands, type Stand, version } from './stand';
import { at, expectUpgraded, formerCluster } from './upgrading';
import { withStand } from './with-stand';

jest.setTimeout(360_000);

/** Nobody is asked and nothing is tried again by the operation: one refusal that an activity does not wait out fails it. */
withTemporal('an API that refuses a call now and then', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  /** Refuses each second call of this name that comes after this one was made, at most so many; tells how many that were. */
  function refuses(name: string, { after, most = 1 }: { readonly after: string; readonly most?: number }): () => number {
    let [armed, calls, refused] = [false, 0, 0];
    stand.breaks((moment: Moment) => {
      armed ||= moment.name === after;
      if (!armed || moment.name !== name || refused >= most || calls++ % 2 !== 0) return undefined;
      refused += 1;
      return { kind: 'exit', code: 1, when: 'before', words: 'the server is currently unable to handle the request' };
    });
    return () => refused;
  }

  test('holds up no upgrade of a worker', async () => {
    const one = await formerCluster(stand, 1, 1);
    const spec = at(one.spec, version);
    const refused = refuses('read the version in kubeadm-config', { after: 'read the version in kubeadm-config', most: 2 });
    expect(await one.cluster.converge({ ...spec, policy: { ...spec.policy, noWait: true } })).toMatchObject({ outcome: 'Success', message: `2 nodes Ready at ${version}` });
    expect(refused()).toBe(2);
    expectUpgraded(one);
  });

  test('holds up no join and no removal of a control plane and a worker', async () => {
    const made = await stand.cluster(2, 1);
    const spec = { ...made.spec, policy: { ...at(made.spec, version).policy, noWait: true, approve: { removeControlPlane: false, upgrade: false, override: false } } };
    const leader = { ...spec, hosts: spec.hosts.slice(0, 1) };
    expect(await made.cluster.converge(leader)).toMatchObject({ outcome: 'Success' });
    const joining = [
      refuses('kubectl get node', { after: 'job: kubeadm join' }), refuses('etcdctl member list', { after: 'job: kubeadm join' }), refuses('kubectl get nodes', { after: 'wait for Ready nodes' }),
    ];
    expect(await made.cluster.converge(spec)).toMatchObject({ outcome: 'Success', message: `3 nodes Ready at ${version}` });
    expect(joining.map((count) => count())).toEqual([1, 1, 1]);
    stand.fleet.plans.splice(0);

    const leaving = [refuses('etcdctl member list', { after: 'etcdctl member remove' }), refuses('kubectl get nodes', { after: 'kubectl delete node' })];
    expect(await made.cluster.converge(leader)).toMatchObject({ outcome: 'Success', message: `1 node Ready at ${version}` });
    expect(leaving.map((count) => count())).toEqual([1, 1]);
    expect(observe({ name: made.cluster.name, version, controlPlanes: made.controlPlanes.slice(0, 1), workers: [], commands })).toEqual([]);
  });
});
