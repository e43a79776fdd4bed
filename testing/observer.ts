import { balancerConfigPath } from '../domain/api-balancer';
import { hostPaths, stateDir } from '../domain/host-paths';
import type { FleetHost } from './fleet';
import type { Journal } from './journal';

/** What a cluster should be. */
export interface Expected {
  readonly name: string;
  /** With the `v`. */
  readonly version: string;
  readonly controlPlanes: readonly FleetHost[];
  readonly workers: readonly FleetHost[];
  /** Commands of its images, in order. */
  readonly commands: readonly string[];
}

/**
 * Looks at simulated hosts from inside and says what is not as it should be: an observer that shares no code with what made
 * the cluster. Empty: every post-condition holds.
 */
export function observe({ name, version, controlPlanes, workers, commands }: Expected, journal: Journal): string[] {
  const wrong: string[] = [];
  const check = (holds: boolean, what: string): void => { if (!holds) wrong.push(what); };
  const hosts = [...controlPlanes, ...workers].map(({ host }) => host);
  const leader = controlPlanes[0]!.host;
  const cluster = leader.kubernetes;
  check(cluster !== undefined, `${leader.address} is in no cluster`);
  if (!cluster) return wrong;

  const count = (host: string, effect: string): number => journal.entries.filter((entry) => entry.kind === 'effect' && entry.host === host && entry.name === effect).length;
  const claims = new Set(hosts.map(({ files }) => files.text(`${stateDir}/claim.json`)));
  check(claims.size === 1 && claims.values().next().value?.includes(`"${name}"`) === true, `the claims are ${[...claims].join(' and ')}`);
  check(cluster.nodes.size === hosts.length, `there are ${cluster.nodes.size} Nodes, not ${hosts.length}`);
  check(cluster.members.size === controlPlanes.length, `etcd has ${cluster.members.size} members, not ${controlPlanes.length}`);
  check(cluster.tokens.size === 0, `${cluster.tokens.size} join tokens are left`);
  check(cluster.certificateKey === undefined, 'the certificates are still uploaded');
  check(JSON.stringify(cluster.applied) === JSON.stringify(commands), `the commands that ran are ${cluster.applied.join(', ')}`);
  check(leader.isActive('registry'), `no registry runs on ${leader.address}`);

  for (const host of hosts) {
    const at = host.address;
    const node = cluster.nodes.get(host.name);
    const isControlPlane = controlPlanes.some((one) => one.host === host);
    check(node !== undefined && node.host === host && cluster.isReady(node), `${at} has no Ready Node`);
    check(node?.version === version, `${at} is ${node?.version ?? 'of no version'}`);
    check(node?.controlPlane === isControlPlane, `${at} has the wrong role`);
    check(host.resolve('sealos.hub') === leader.address, `${at} does not know the registry`);
    check(host.resolve('apiserver.cluster.local') === (isControlPlane ? at : '127.0.0.1'), `${at} looks for the API at ${host.resolve('apiserver.cluster.local') ?? 'no address'}`);
    check(isControlPlane || (host.balancerUp() && host.files.has(balancerConfigPath)), `${at} has no API balancer`);
    check(!host.isActive('keelson-api-bridge'), `${at} still has the bridge to the API`);
    check(host.files.has('/root/.kube/config'), `${at} has no kubeconfig`);
    check(host.busyWith().length === 0, `${at} still runs ${host.busyWith().join(', ')}`);
    const { data, rootfs } = hostPaths(name);
    check(!host.files.has(`${data}/.staging`), `${at} has files that were never put in place`);
    check(host.files.text(`${rootfs}/bin/kubelet`) === `kubelet ${version}`, `${at} has other files than the image's`);
    check(host.files.text(`${rootfs}/etc/registry.yml`) === 'storage: /var/lib/registry\nuser: admin\n', `${at} has a template that was not rendered`);
    check(count(at, 'kubeadm init') === (host === leader ? 1 : 0), `kubeadm init ran ${count(at, 'kubeadm init')} times on ${at}`);
    check(count(at, 'kubeadm join') === (host === leader ? 0 : 1), `kubeadm join ran ${count(at, 'kubeadm join')} times on ${at}`);
  }
  return wrong;
}
