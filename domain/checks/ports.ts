import { type ClusterSpec, type Host, isControlPlane, registryHosts } from '../cluster';
import type { HostFacts } from '../facts';
import { apiPort } from '../host-paths';
import { marks } from '../marks';
import { placesOf } from '../places';
import type { Problem } from '../problem';
import { finding } from './finding';
import { isOurs } from './owner';

const everyNode = [10248, 10249, 10250, 10256];
const controlPlane = [2379, 2380, 10257, 10259];

/** Programs that an unfinished install of ours may have left running. The kernel cuts names after 15 characters. */
const ours: ReadonlySet<string> = new Set([
  'kubelet', 'kube-apiserver', 'kube-controller', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'etcd', 'registry', 'haproxy', 'containerd',
  'systemd', 'systemd-socket-', '',
]);

/** Ports that the host will need and somebody uses. Not on hosts that are prepared: there we are that somebody. */
export function portProblems(spec: ClusterSpec, host: Host, facts: HostFacts, { uid, leader }: { uid: string; leader?: string | undefined }): Problem[] {
  const mine = isOurs(facts, uid);
  if (mine && (facts.joined || facts.done.some(marks.isPrepared))) return [];
  const needed = portsOf(spec, host, leader);
  return [...(facts.busyPorts ?? [])]
    .filter(({ port, process }) => needed.includes(port) && !(mine && ours.has(process)))
    .sort((a, b) => a.port - b.port)
    .map(({ port, process }) => finding('error', host.id, `port ${port} is in use by ${process || 'a program that does not show itself'}`,
      'stop that program, or use another host'));
}

/** The API's port is needed on all hosts: workers reach the API through a balancer of their own. */
function portsOf(spec: ClusterSpec, host: Host, leader: string | undefined): number[] {
  const servesRegistry = registryHosts(spec, leader).some(({ id }) => id === host.id);
  return [apiPort, ...everyNode, ...(isControlPlane(host) ? controlPlane : []), ...(servesRegistry ? [placesOf(spec, host).registryPort] : [])];
}
