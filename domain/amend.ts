import type { ClusterSpec, Host } from './cluster';
import { canonicalJson, digestOf } from './digest';
import { welcomeKeys } from './host-key';
import type { Problem } from './problem';

export interface AmendFacts {
  /** An operation waits for the correction; otherwise the cluster rests. */
  readonly parked: boolean;
  /** Ids of the hosts that have joined: their address is in certificates and in their Node, and stays. */
  readonly members: readonly string[];
}

const wrong = (where: string, message: string, todo: string): Problem => ({ severity: 'error', type: 'InvalidSpec', where, message, todo });

/**
 * What of a changed spec is no correction. A correction says how hosts are reached and known, where a host that has not
 * joined is, and by which name an image is found; all else is an apply. Hosts and images are told apart by their place.
 */
export function amendProblems(before: ClusterSpec, after: ClusterSpec, { parked, members }: AmendFacts): Problem[] {
  const problems: Problem[] = [];
  if (canonicalJson(frame(before)) !== canonicalJson(frame(after)) || before.hosts.length !== after.hosts.length || before.images.length !== after.images.length) {
    return [wrong('spec', 'an amendment changes logins, host keys, ports, addresses and images, and nothing else', 'use `keelson apply` for the rest, when the operation has ended')];
  }
  for (const [at, host] of before.hosts.entries()) problems.push(...hostProblems(host, after.hosts[at]!, members));
  const images = after.images.filter((ref, at) => ref !== before.images[at]);
  if (images.length > 0 && !parked) problems.push(wrong('spec.image', `no operation waits for ${images.join(', ')}`, 'use `keelson run` or `keelson apply`'));
  if (problems.length === 0 && digestOf(before) === digestOf(after)) problems.push(wrong('spec', 'nothing is changed by this amendment', 'name a new password, key, host key, address or image'));
  return problems;
}

function hostProblems(before: Host, after: Host, members: readonly string[]): Problem[] {
  if (canonicalJson(plain(before)) !== canonicalJson(plain(after))) return [wrong(before.id, 'an amendment keeps roles, variables and names of a host', 'use `keelson apply` for those')];
  const moved = before.address !== after.address || before.id !== after.id;
  if (!moved || !members.includes(before.id)) return [];
  return [wrong(before.id, 'the host has joined: its address is in its certificates and its Node', 'delete it and add it with its new address')];
}

/** What an amendment must leave alone. */
const frame = ({ hosts: _hosts, images: _images, credentials: _credentials, ...rest }: ClusterSpec): object => rest;
const plain = ({ id: _id, address: _address, port: _port, credential: _credential, knownKeys: _keys, hostKeys: _said, ...rest }: Host): object => rest;

/**
 * Recorded host keys, without those of hosts for which an amendment names another: only that one counts from then on. A
 * key that was stolen must not stay welcome beside its successor.
 */
export function withoutReplacedKeys(recorded: Readonly<Record<string, string>>, before: ClusterSpec | undefined, after: ClusterSpec): Record<string, string> {
  const named = ({ knownKeys = [], hostKeys = [] }: Host): string[] => [...hostKeys, ...welcomeKeys(knownKeys)];
  const keysBefore = new Map(before?.hosts.map((host) => [host.id, canonicalJson(named(host))]));
  const replaced = new Set(after.hosts.filter((host) => named(host).length > 0 && keysBefore.get(host.id) !== canonicalJson(named(host))).map(({ id }) => id));
  return Object.fromEntries(Object.entries(recorded).filter(([id]) => !replaced.has(id)));
}
