import type { Host } from '../cluster';
import type { HostFacts } from '../facts';
import { isInside, overlaps } from '../ip-range';
import type { Problem } from '../problem';
import { finding } from './finding';
import { isOurs } from './owner';

export interface Ranges {
  readonly podSubnet: string;
  readonly serviceSubnet: string;
}

/**
 * Addresses and routes of a host that lie in the networks of pods or services: packets would go astray. A route that an
 * earlier cluster has left is such a one. On hosts that have joined, the routes of the pod network are ours. The address
 * by which the spec names the host is for spec-rules.ts to judge.
 */
export function networkProblems(host: Host, facts: HostFacts | undefined, ranges: Ranges, uid: string): Problem[] {
  if (!facts?.reachable || (isOurs(facts, uid) && facts.joined)) return [];
  return [...clashes(host, facts, 'pod', ranges.podSubnet), ...clashes(host, facts, 'service', ranges.serviceSubnet)];
}

function clashes({ id, address: named }: Host, { addresses = [], routes = [] }: HostFacts, kind: 'pod' | 'service', subnets: string): Problem[] {
  const parts = subnets.split(',').map((one) => one.trim()).filter(Boolean);
  const field = `networking.${kind}Subnet`;
  return parts.flatMap((range) => {
    if (isInside(named, range)) return [];
    const inside = addresses.filter((address) => isInside(address, range)).map((address) =>
      finding('error', id, `its address ${address} lies in the ${kind} network ${range}`, `choose another ${field} in the ClusterConfiguration`));
    if (inside.length > 0) return inside;
    return routes.filter((route) => overlaps(destination(route), range)).map((route) =>
      finding('error', id, `its route ${short(route)} overlaps the ${kind} network ${range}`,
        `remove the route if an earlier cluster has left it (ip route del ${destination(route)}), or choose another ${field} in the ClusterConfiguration`));
  });
}

/** `10.1.0.0/16 dev eth0`, `blackhole 10.1.0.0/16`; a single address is a range of one. */
function destination(route: string): string {
  const words = route.split(' ');
  const first = /^[0-9a-fA-F.:/]+$/.test(words[0] ?? '') && /[.:]/.test(words[0] ?? '') ? words[0] : words[1];
  if (!first) return '';
  if (first.includes('/')) return first;
  return first.includes(':') ? `${first}/128` : `${first}/32`;
}

const short = (route: string): string => route.split(' ').slice(0, 5).join(' ');
