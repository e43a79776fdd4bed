import type { ClusterSpec, Host } from '../cluster';
import type { HostFacts } from '../facts';
import type { Problem } from '../problem';
import { finding } from './finding';
import { nodeNameOf } from './host';

interface Met {
  readonly host: Host;
  readonly facts: HostFacts;
}

/** What is wrong with hosts beside each other: one machine under two addresses, two of one name, copies of one disk. */
export function togetherProblems(spec: ClusterSpec, seen: ReadonlyMap<string, HostFacts>): Problem[] {
  const met = spec.hosts.flatMap((host): Met[] => {
    const facts = seen.get(host.id);
    return facts?.reachable ? [{ host, facts }] : [];
  });
  const byId = new Map<string, Met>();
  const byName = new Map<string, Met>();
  return met.flatMap((one) => {
    const twins = [first(byId, one.facts.machineId, one), first(byName, nodeNameOf(one.host, one.facts), one)];
    return twins.flatMap((twin) => (twin ? pairProblems(one, twin) : [])).slice(0, 1);
  });
}

/** The first one met with this key; remembers this one when it is the first. A table and no pairs: there may be thousands. */
function first(met: Map<string, Met>, key: string | undefined, one: Met): Met | undefined {
  if (!key) return undefined;
  const found = met.get(key);
  if (!found) met.set(key, one);
  return found;
}

/** One finding per pair: a machine met twice has its own name, too. */
function pairProblems(one: Met, other: Met): Problem[] {
  const { id } = one.host;
  const sameId = one.facts.machineId !== undefined && one.facts.machineId === other.facts.machineId;
  if (sameId && sharesAddresses(one, other)) {
    return [finding('error', id, `it is the same machine as ${other.host.id} (machine-id ${one.facts.machineId ?? ''})`, `leave one of ${id} and ${other.host.id}`)];
  }
  const name = nodeNameOf(one.host, one.facts);
  if (name !== '' && name === nodeNameOf(other.host, other.facts)) {
    return [finding('error', id, `its host name ${name} is that of ${other.host.id}, too`, `give each its own: hostnamectl set-hostname NAME on ${id}`)];
  }
  if (!sameId) return [];
  return [finding('warning', id, `its machine-id is that of ${other.host.id}: one is a copy of the other`,
    `make a new one on ${id}: rm /etc/machine-id, then systemd-machine-id-setup, then restart`)];
}

/** Copies of one disk have the same machine-id, but not the address under which the other one is reached. */
function sharesAddresses(one: Met, other: Met): boolean {
  const [mine, theirs] = [one.facts.addresses ?? [], other.facts.addresses ?? []];
  if (mine.includes(other.host.address) || theirs.includes(one.host.address)) return true;
  return mine.length > 0 && [...mine].sort().join() === [...theirs].sort().join();
}
