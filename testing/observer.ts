import type { FleetHost } from './fleet';
import type { Journal, JournalEntry } from './journal';

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
export function observe({ name, version, controlPlanes, workers, commands }: Expected): string[] {
  const wrong: string[] = [];
  const check = (holds: boolean, what: string): void => { if (!holds) wrong.push(what); };
  const hosts = [...controlPlanes, ...workers].map(({ host }) => host);
  const leader = controlPlanes[0]!.host;
  const cluster = leader.kubernetes;
  check(cluster !== undefined, `${leader.address} is in no cluster`);
  if (!cluster) return wrong;

  const claims = new Set(hosts.map(({ files }) => files.text('/var/lib/keelson/claim.json')));
  check(claims.size === 1 && claims.values().next().value?.includes(`"${name}"`) === true, `the claims are ${[...claims].join(' and ')}`);
  check(cluster.nodes.size === hosts.length, `there are ${cluster.nodes.size} Nodes, not ${hosts.length}`);
  check(cluster.members.size === controlPlanes.length, `etcd has ${cluster.members.size} members, not ${controlPlanes.length}`);
  // A command that failed after its work is done again, and that is as it should be: see ranTwice for runs without failures.
  check(JSON.stringify([...new Set(cluster.applied)]) === JSON.stringify(commands), `the commands that ran are ${cluster.applied.join(', ')}`);
  check(leader.isActive('registry'), `no registry runs on ${leader.address}`);

  for (const host of hosts) {
    const at = host.address;
    const node = cluster.nodes.get(host.nodeName);
    const isControlPlane = controlPlanes.some((one) => one.host === host);
    check(node !== undefined && node.host === host && cluster.isReady(node), `${at} has no Ready Node`);
    check(node?.version === version, `${at} is ${node?.version ?? 'of no version'}`);
    check(node?.controlPlane === isControlPlane, `${at} has the wrong role`);
    check(host.resolve('sealos.hub') === leader.address, `${at} does not know the registry`);
    check(host.resolve('apiserver.cluster.local') === (isControlPlane ? at : '127.0.0.1'), `${at} looks for the API at ${host.resolve('apiserver.cluster.local') ?? 'no address'}`);
    check(isControlPlane || (host.balancerUp() && host.files.has('/etc/kubernetes/keelson-haproxy.cfg')), `${at} has no API balancer`);
    check(!host.isActive('keelson-api-bridge'), `${at} still has the bridge to the API`);
    check(host.files.has('/root/.kube/config'), `${at} has no kubeconfig`);
    check(host.jobs.every(({ state }) => state !== 'running'), `${at} still runs a detached job`);
    const data = `/var/lib/sealos/data/${name}`;
    check(!host.files.has(`${data}/.staging`), `${at} has files that were never put in place`);
    check(host.files.text(`${data}/rootfs/bin/kubelet`) === `kubelet ${version}`, `${at} has other files than the image's`);
    check(host.files.text(`${data}/rootfs/etc/registry.yml`) === 'storage: /var/lib/registry\nuser: admin\n', `${at} has a template that was not rendered`);
  }
  return wrong;
}

/** What a host still has of a cluster that has let it go: nothing, when it is as bare as it was before. */
export function notBare(hosts: readonly FleetHost[]): string[] {
  return hosts.flatMap(({ host }) => [
    // In memory until the next boot: who took it out of its cluster, so that nobody comes late (docs/hosts.md).
    ...host.files.paths().filter((path) => path !== '/etc/hosts' && !path.startsWith('/run/keelson-fence/')),
    ...(host.files.text('/etc/hosts') === '127.0.0.1 localhost\n' ? [] : ['lines in /etc/hosts']),
    ...['containerd', 'kubelet', 'registry', 'keelson-api-bridge'].filter((service) => host.isActive(service)).map((service) => `${service}, running`),
    ...(host.kubernetes ? ['a place in a cluster'] : []),
    ...host.busyWith(),
  ].map((what) => `${host.address} still has ${what}`));
}

/** What outlives an install although it was meant for its duration: tokens, certificates for the taking, processes. */
export function leftBehind(hosts: readonly FleetHost[]): string[] {
  const cluster = hosts[0]?.host.kubernetes;
  return [
    ...(cluster && cluster.tokens.size > 0 ? [`${cluster.tokens.size} join tokens`] : []),
    ...(cluster?.certificateKey ? ['the uploaded certificates'] : []),
    ...hosts.flatMap(({ host }) => host.busyWith().map((what) => `${what} on ${host.address}`)),
  ];
}

/** Effects that happened more than once on a host: none, as long as nothing failed on the hosts themselves. */
export function ranTwice(journal: Journal, hosts: readonly FleetHost[]): string[] {
  const ours = new Set(hosts.map(({ host }) => host.address));
  const counts = new Map<string, number>();
  const count = ({ host, name, args, speaker }: JournalEntry): string => `${host} ${name} ${args.join(' ')} of operation ${speaker?.n ?? 0} of cluster ${speaker?.uid ?? ''}`;
  for (const entry of journal.entries) {
    if (entry.kind === 'effect' && ours.has(entry.host)) counts.set(count(entry), (counts.get(count(entry)) ?? 0) + 1);
  }
  return [...counts].filter(([, times]) => times > 1).map(([what, times]) => `${what}: ${times} times`);
}
