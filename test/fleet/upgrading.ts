import { type ClusterSpec, defaultPolicy } from '../../domain/cluster';
import { kubeletConfigPath } from '../../domain/drift/host-settings';
import { type FleetHost, observe, type SimulatedNode } from '../../testing';
import { commands, images, type Made, type Stand, version } from './stand';

/** The version from which clusters go up in tests. */
export const former = 'v1.33.13';
const noted = '/var/lib/keelson/upgrade';

/** The spec at a version of Kubernetes: nobody is asked, and what fails waits for a word. */
export const at = (spec: ClusterSpec, kubernetes: string): ClusterSpec => ({
  ...spec, images: [`fleet/kubernetes:${kubernetes}`, ...images.slice(1)],
  policy: { ...defaultPolicy, parkRetry: { times: 0, firstMs: 1, factor: 1 }, approve: { ...defaultPolicy.approve, upgrade: false }, snapshots: { ...defaultPolicy.snapshots, beforeUpgrade: false } },
});

/** A cluster at the former version. */
export async function formerCluster(stand: Stand, controlPlanes: number, workers: number): Promise<Made> {
  const one = await stand.cluster(controlPlanes, workers);
  expect(await one.cluster.converge(at(one.spec, former))).toMatchObject({ outcome: 'Success' });
  return one;
}

/** Its Node as its own host knows the cluster. Throws where it is in none. */
export function nodeOf({ host }: FleetHost): SimulatedNode {
  const node = host.kubernetes?.nodes.get(host.name);
  if (!node) throw new Error(`${host.address} is in no cluster`);
  return node;
}

/** Programs, the kubelet's configuration, and the static pods. */
export const runs = ({ host: { files } }: FleetHost): Record<string, string | undefined> =>
  Object.fromEntries([kubeletConfigPath, ...['kubeadm', 'kubelet', 'kubectl'].map((name) => `/usr/bin/${name}`), ...files.below('/etc/kubernetes/manifests')].map((path) => [path, files.text(path)]));

/** What an upgrade has noted on a host and not taken away; how often it was tried stays. */
export const notes = ({ host }: FleetHost): string[] =>
  [...host.files.below(noted).filter((path) => path !== `${noted}/tries`), ...host.marks().filter((mark) => mark.startsWith('upgrading:'))];

/** What was done to a host by upgrades. */
export const upgradesOf = (stand: Stand, host: FleetHost): string[] => stand.effects(host).filter((name) => /upgrade|restore/.test(name));

/** All hosts are at the new version and in service, and nothing is left of the way there. */
export function expectUpgraded({ cluster, ...one }: Made): void {
  expect(observe({ name: cluster.name, version, ...one, commands })).toEqual([]);
  expect(one.hosts.map((host) => nodeOf(host).unschedulable)).toEqual(one.hosts.map(() => false));
  expect(one.hosts.flatMap(notes)).toEqual([]);
}
