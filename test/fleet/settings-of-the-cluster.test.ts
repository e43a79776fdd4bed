import { type ClusterSpec, defaultPolicy, type KubeadmDocuments } from '../../domain/cluster';
import { type FleetHost, observe } from '../../testing';
import { withTemporal } from '../temporal/env';
import { Holder } from './kill-points';
import type { Killable } from './killable';
import { commands, type Made, type Stand, version } from './stand';
import { until } from './until';
import { withKillable } from './with-killable';

jest.setTimeout(360_000);

const argument = (name: string, value: string): KubeadmDocuments => ({ cluster: { apiServer: { extraArgs: [{ name, value }] } } });
const proxy = (more: object): KubeadmDocuments => ({ kubeProxy: { ...more } });

withTemporal('changed settings of the control plane and of kube-proxy, on simulated hosts', () => {
  let stand: Stand;
  let worker: Killable;
  withKillable((...all) => { [stand, worker] = all; });

  const said = (spec: ClusterSpec, kubeadm: KubeadmDocuments = {}): ClusterSpec => ({ ...spec, kubeadm, policy: { ...defaultPolicy, parkRetry: { times: 0, firstMs: 1, factor: 1 } } });
  const now = (): number => (stand.fleet.journal.entries.at(-1)?.at ?? -1) + 1;
  /** What was done to hosts since then that must not be done twice: who and what, in order. */
  const effects = ({ hosts }: Made, from: number): string[] => {
    const ours = new Set(hosts.map(({ host }) => host.address));
    return stand.fleet.journal.entries.filter(({ at, kind, host }) => at >= from && kind === 'effect' && ours.has(host)).map(({ host, name, args }) => `${host} ${name}${name === 'change a static pod' ? `: ${args[0] ?? ''}` : ''}`);
  };
  const changed = ({ hosts }: Made, from: number): string[] => stand.fleet.journal.entries.filter(({ at, host, changed: is }) => at >= from && is && hosts.some((one) => one.host.address === host)).map(({ name, host }) => `${host} ${name}`);
  const made = async (controlPlanes: number, workers: number): Promise<Made> => {
    const one = await stand.cluster(controlPlanes, workers);
    expect(await one.cluster.converge(said(one.spec))).toMatchObject({ outcome: 'Success' });
    return one;
  };
  const clusterOf = ({ hosts }: Made) => hosts[0]!.host.kubernetes!;
  const configuration = (one: Made, kind = 'ClusterConfiguration'): string => JSON.stringify(clusterOf(one).documents.get(kind));
  const manifest = ({ host }: FleetHost, name: string): string => host.files.text(`/etc/kubernetes/manifests/${name}.yaml`) ?? '';
  const marksOf = ({ host }: FleetHost, part: string): string[] => host.marks().filter((mark) => mark.startsWith(`settings-${part}:`));
  const leave = async (one: Made, operation: string): Promise<void> => {
    await one.cluster.cancel();
    await one.cluster.end(operation);
    await one.cluster.idle();
  };

  test('an argument of the API server reaches every control plane once, the leader first, and no other pod and no worker', async () => {
    const one = await made(3, 2);
    const before = now();
    expect(await one.cluster.converge(said(one.spec, argument('event-ttl', '2h')))).toMatchObject({ outcome: 'Success', message: `5 nodes Ready at ${version}` });
    expect(effects(one, before)).toEqual(one.controlPlanes.map(({ host }) => `${host.address} change a static pod: kube-apiserver`));
    for (const host of one.controlPlanes) expect(manifest(host, 'kube-apiserver')).toContain('"event-ttl","value":"2h"');
    expect(configuration(one)).toContain('event-ttl');
    expect(observe({ name: one.cluster.name, version, ...one, commands })).toEqual([]);

    const again = now();
    expect(await one.cluster.converge(said(one.spec, argument('event-ttl', '2h')))).toMatchObject({ outcome: 'Success' });
    expect(effects(one, again)).toEqual([]);
    expect(await one.cluster.converge(said(one.spec))).toMatchObject({ outcome: 'Success' });
    for (const host of one.controlPlanes) expect(manifest(host, 'kube-apiserver')).not.toContain('event-ttl');
    expect(configuration(one)).not.toContain('event-ttl');
  });

  test('an argument of etcd changes etcd, before all else', async () => {
    const one = await made(1, 0);
    const before = now();
    const both: KubeadmDocuments = { cluster: { etcd: { local: { extraArgs: [{ name: 'quota-backend-bytes', value: '8589934592' }] } }, scheduler: { extraArgs: [{ name: 'v', value: '4' }] } } };
    expect(await one.cluster.converge(said(one.spec, both))).toMatchObject({ outcome: 'Success' });
    expect(effects(one, before).map((effect) => effect.split(': ')[1])).toEqual(['etcd', 'kube-scheduler']);
  });

  test('one that the API server does not know is taken back on the leader, in the cluster too, and goes nowhere else; mended, it goes on', async () => {
    const one = await made(2, 1);
    const [leader, second] = one.controlPlanes as [FleetHost, FleetHost];
    for (const { host } of one.controlPlanes) host.podRefuses = (text) => text.includes('no-such-flag');
    const [former, kept] = [manifest(leader, 'kube-apiserver'), configuration(one)];
    const before = now();
    const { operation } = await one.cluster.apply(said(one.spec, argument('no-such-flag', '1')));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'RolledBack', message: expect.stringMatching(`Settings on ${leader.host.address}: .*former settings.*kube-apiserver does not run.*unknown flag`) as string });
    expect(manifest(leader, 'kube-apiserver')).toBe(former);
    expect(configuration(one)).toBe(kept);
    expect(effects(one, before)).toEqual([`${leader.host.address} change a static pod: kube-apiserver`]);
    expect(marksOf(second, 'control-plane')).toHaveLength(1);
    await leave(one, operation);
    expect(await one.cluster.converge(said(one.spec, argument('event-ttl', '2h')))).toMatchObject({ outcome: 'Success' });
    expect(manifest(second, 'kube-apiserver')).toContain('event-ttl');
  });

  test('names of the API server are added to each certificate, one control plane after another', async () => {
    const one = await made(2, 0);
    const before = now();
    expect(await one.cluster.converge(said(one.spec, { cluster: { apiServer: { certSANs: ['api.example.com'] } } }))).toMatchObject({ outcome: 'Success' });
    expect(effects(one, before)).toEqual(one.controlPlanes.map(({ host }) => `${host.address} make the certificate of the API server anew`));
    for (const { host } of one.controlPlanes) expect(host.files.text('/etc/kubernetes/pki/apiserver.crt')).toContain('api.example.com');
  });

  test('kube-proxy changes once, through the leader; every control plane knows of it, also when the leader\'s mark is lost', async () => {
    const one = await made(2, 2);
    const [leader, second] = one.controlPlanes as [FleetHost, FleetHost];
    const before = now();
    const wanted = said(one.spec, proxy({ conntrack: { maxPerCore: 0 } }));
    expect(await one.cluster.converge(wanted)).toMatchObject({ outcome: 'Success' });
    expect(effects(one, before)).toEqual([`${leader.host.address} change the kube-proxies`]);
    expect(configuration(one, 'KubeProxyConfiguration')).toContain('"maxPerCore":0');
    expect(marksOf(second, 'kube-proxy')).toEqual(marksOf(leader, 'kube-proxy'));

    for (const mark of marksOf(leader, 'kube-proxy')) leader.host.files.remove(`/var/lib/keelson/done/${mark}`);
    const again = now();
    expect(await one.cluster.converge(wanted)).toMatchObject({ outcome: 'Success' });
    expect(changed(one, again).filter((name) => /settings/.test(name))).toEqual([]);

    // One that was away bears a former mark: nobody knows what runs, so it is looked at, and nothing differs.
    second.host.files.write('/var/lib/keelson/done/settings-kube-proxy:0000000000000000', '');
    expect(await one.cluster.converge(wanted)).toMatchObject({ outcome: 'Success' });
    expect(effects(one, again)).toEqual([]);
    expect(marksOf(second, 'kube-proxy')).toEqual(marksOf(leader, 'kube-proxy'));
    expect(marksOf(second, 'kube-proxy')).toHaveLength(1);
  });

  test('a configuration with which kube-proxy does not run is taken back', async () => {
    const one = await made(1, 1);
    const former = configuration(one, 'KubeProxyConfiguration');
    clusterOf(one).proxyRefuses = (text) => text.includes('nowhere');
    const { operation } = await one.cluster.apply(said(one.spec, proxy({ metricsBindAddress: 'nowhere' })));
    const { running } = await one.cluster.parked();
    expect(running?.waiting).toMatchObject({ reason: 'RolledBack', message: expect.stringMatching('former settings again.*configuration is refused') as string });
    expect(configuration(one, 'KubeProxyConfiguration')).toBe(former);
    await leave(one, operation);
  });

  test('what a cluster keeps for good is refused before anything is changed; as it runs it may be said', async () => {
    const one = await made(1, 1);
    const before = now();
    const refused = await one.cluster.converge(said(one.spec, { cluster: { networking: { podSubnet: '10.50.0.0/16' } }, kubeProxy: { mode: 'iptables' } }));
    expect(refused).toMatchObject({ outcome: 'Failed', message: expect.stringMatching('podSubnet is 100.64.0.0/10 in the cluster that runs and cannot become 10.50.0.0/16[^]*mode is ipvs') as string });
    expect(changed(one, before)).toEqual([]);
    expect(await one.cluster.converge(said(one.spec, { cluster: { networking: { podSubnet: '100.64.0.0/10' } }, kubeProxy: { mode: 'ipvs' } }))).toMatchObject({ outcome: 'Success' });
    expect(changed(one, before).filter((name) => !name.endsWith('write the copy of the state'))).toEqual([]);
  });

  test.each([
    ['job: change the settings of the control plane', 'before'], ['job: change the settings of the control plane', 'after'], ['the control-plane has its settings', 'before'], ['the control-plane has its settings', 'after'],
    ['job: change the settings of kube-proxy', 'after'],
  ] as const)('a Temporal worker that is killed at "%s", %s its effect, does nothing twice', async (name, when) => {
    const one = await made(2, 0);
    const holder = new Holder(one.hosts, [{ host: 0, name, nth: 0, when }]);
    stand.fleet.plans.push(holder.plan);
    const before = now();
    const { operation } = await one.cluster.apply(said(one.spec, { ...argument('event-ttl', '2h'), ...proxy({ conntrack: { maxPerCore: 0 } }) }));
    await until('the place', 180_000, () => holder.isHeld);
    await worker.die([holder]);
    expect(await one.cluster.end(operation)).toMatchObject({ outcome: 'Success' });
    const [leader, second] = one.controlPlanes.map(({ host }) => host.address);
    expect(effects(one, before)).toEqual([`${leader!} change a static pod: kube-apiserver`, `${leader!} change the kube-proxies`, `${second!} change a static pod: kube-apiserver`]);
    await one.cluster.idle();
  });
});
