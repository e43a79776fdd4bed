import { isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { accessOf, type ClusterSpec, type Credential, type Host } from '../cluster';
import { digestOf } from '../digest';
import { nameIn } from '../env';
import { hostText, parseHost } from '../host-list';
import { normalAddress } from '../ip-range';
import type { Editing } from './edit';
import { isSealedText, type Path, type Piece, remove, set, textOf } from './edit-text';
import { sshOf } from './of-spec';

const sameHost = (a: Host, b: Host): boolean => digestOf(shown(a)) === digestOf(shown(b));
/** What a group of the file says of a host, logins and Node names apart. */
const shown = ({ port, roles, env, hostKeys = [] }: Host) => ({ port, roles, env, hostKeys });
/** Two logins are one when they hold the same secrets; an agent belongs to a machine, not to a file. */
const sameAccess = (a: Credential, b: Credential): boolean => digestOf(sshOf(a)) === digestOf(sshOf(b));
/** The address that an item of `ips` names, in its normal form; empty where it names none. */
const addressOf = (item: unknown): string => normalAddress(parseHost(textOf(item).trim())?.address ?? '');

/** Hosts that are wanted no more go, those that changed are written anew, new ones come beside hosts of their kind. */
export function editHosts(edit: Editing): void {
  const { cluster, said, wanted } = edit;
  const saidHosts = new Map(said.hosts.map((host) => [normalAddress(host.address), host]));
  const left = new Map(wanted.hosts.map((host) => [normalAddress(host.address), host]));
  const groups = groupsOf(cluster);
  // Without hosts the file means the machine that reads it; named, it means the same everywhere.
  if (groups.length === 0 && said.hosts.length === wanted.hosts.length && said.hosts.every((host) => left.has(normalAddress(host.address)))) return;

  for (const [at, group] of groups.entries()) {
    group.ips.items = group.ips.items.filter((item) => {
      const address = addressOf(item);
      const [before, after] = [saidHosts.get(address), left.get(address)];
      // One text for several hosts cannot be sealed: a sealed value opens on one host only.
      const alone = edit.sealed && group.members.length > 0 && (after?.env.some(({ value }) => isSealedText(value)) ?? false);
      const stays = before !== undefined && after !== undefined && sameHost(before, after) && !alone;
      if (stays) {
        group.members.push(after);
        left.delete(address);
      } else cluster.changed = true;
      return stays;
    });
    group.at = at;
  }
  editLogins(edit, groups);
  for (const host of left.values()) addHost(edit, groups, host);
  dropEmpty(cluster, groups);
  inOrder(edit, groups);
}

interface Group {
  at: number;
  readonly node: YAMLMap;
  readonly ips: YAMLSeq;
  readonly members: Host[];
}

function groupsOf({ document }: Piece): Group[] {
  const list = document.getIn(['spec', 'hosts']);
  if (!isSeq(list)) return [];
  return list.items.flatMap((node, at) => {
    const ips = isMap(node) ? node.get('ips') : undefined;
    return isMap(node) && isSeq(ips) ? [{ at, node, ips, members: [] }] : [];
  });
}

const loginKeys = ['user', 'passwd', 'pk', 'pkData', 'pkName', 'pkPasswd'];
const saysLogin = (group: Group): boolean => {
  const ssh = group.node.get('ssh');
  return isMap(ssh) && loginKeys.some((key) => ssh.has(key));
};

/** Where the login of hosts that stay is another one now, it is written where the file has it: at the cluster or at the group. */
function editLogins({ cluster, said, wanted, sealed }: Editing, groups: readonly Group[]): void {
  const before = new Map(said.hosts.map((host) => [host.id, host]));
  const isClear = (path: Path): boolean => ['passwd', 'pkData', 'pkPasswd'].some((key) => {
    const value = textOf(cluster.document.getIn([...path, key], true));
    return value !== '' && !isSealedText(value);
  });
  const write = (path: Path, members: readonly Host[]): void => {
    const [first] = members;
    const clear = sealed && isClear(path);
    if (!first) return clear ? void ['passwd', 'pkData', 'pkPasswd'].forEach((key) => remove(cluster, [...path, key])) : undefined;
    const differs = members.some((host) => !sameAccess(accessOf(wanted, host), accessOf(said, before.get(host.id) ?? host)));
    if (differs || clear) writeLogin(cluster, path, accessOf(wanted, first));
  };
  write(['spec', 'ssh'], groups.filter((group) => !saysLogin(group)).flatMap(({ members }) => members));
  for (const group of groups) if (saysLogin(group)) write(['spec', 'hosts', group.at, 'ssh'], group.members);
}

function writeLogin(cluster: Piece, path: Path, credential: Credential): void {
  const ssh = sshOf(credential) as Record<string, string>;
  for (const key of loginKeys) {
    const value = ssh[key];
    if (value === undefined) remove(cluster, [...path, key]);
    else if (textOf(cluster.document.getIn([...path, key], true)) !== value) set(cluster, [...path, key], value);
  }
}

/** Beside hosts of its kind where there are any, or else in a group of its own. */
function addHost({ cluster, wanted }: Editing, groups: Group[], host: Host): void {
  const { document } = cluster;
  cluster.changed = true;
  const text = hostText(host);
  const twin = groups.find(({ members: [first] }) => first && digestOf({ ...shown(first), port: 0 }) === digestOf({ ...shown(host), port: 0 }) &&
    sameAccess(accessOf(wanted, first), accessOf(wanted, host)) && !host.env.some(({ value }) => isSealedText(value)));
  if (twin) {
    twin.ips.add(document.createNode(text));
    twin.members.push(host);
    return;
  }
  const common = groups.find((group) => group.members.length > 0 && !saysLogin(group))?.members[0];
  const ownLogin = common ? !sameAccess(accessOf(wanted, common), accessOf(wanted, host)) : groups.length > 0 || wanted.hosts.some((one) => one.credential !== host.credential);
  if (!common && !ownLogin) writeLogin(cluster, ['spec', 'ssh'], accessOf(wanted, host));
  const node = document.createNode({
    ips: [text], roles: host.roles,
    ...(host.hostKeys ? { hostKeys: host.hostKeys } : {}),
    ...(ownLogin ? { ssh: sshOf(accessOf(wanted, host)) } : {}),
    ...(host.env.length > 0 ? { env: host.env.map(({ name, value }) => `${name}=${value}`) } : {}),
  });
  if (isSeq(document.getIn(['spec', 'hosts']))) document.addIn(['spec', 'hosts'], node);
  else document.setIn(['spec', 'hosts'], document.createNode([node]));
  const [made] = groupsOf(cluster).slice(-1);
  if (made) groups.push({ ...made, members: [host] });
}

function dropEmpty(cluster: Piece, groups: Group[]): void {
  const list = cluster.document.getIn(['spec', 'hosts']);
  const empty = new Set<unknown>(groups.filter(({ ips }) => ips.items.length === 0).map(({ node }) => node));
  if (empty.size === 0 || !isSeq(list)) return;
  list.items = list.items.filter((item) => !empty.has(item));
  cluster.changed = true;
}

/** The order of hosts has a meaning: the first control plane is the leader, and the registry's host. Groups are put in it as far as they can. */
function inOrder({ cluster, wanted }: Editing, groups: readonly Group[]): void {
  const list = cluster.document.getIn(['spec', 'hosts']);
  if (!isSeq(list)) return;
  const place = new Map(wanted.hosts.map(({ address }, at) => [normalAddress(address), at]));
  const placeOf = (item: unknown): number => place.get(addressOf(item)) ?? Number.MAX_SAFE_INTEGER;
  const sorted = <T>(items: readonly T[], key: (item: T) => number): T[] => [...items].sort((a, b) => key(a) - key(b));
  for (const { ips } of groups) {
    const next = sorted(ips.items, placeOf);
    if (next.some((item, at) => item !== ips.items[at])) cluster.changed = true;
    ips.items = next;
  }
  const first = (item: unknown): number => {
    const ips = isMap(item) ? item.get('ips') : undefined;
    return isSeq(ips) ? Math.min(...ips.items.map(placeOf)) : Number.MAX_SAFE_INTEGER;
  };
  const next = sorted(list.items, first);
  if (next.some((item, at) => item !== list.items[at])) cluster.changed = true;
  list.items = next;
}

/** Secrets of hosts that stand there in clear are put as sealed ones. One text for several hosts cannot be: such hosts have gone to groups of their own. */
export function sealHostEnv(cluster: Piece, wanted: ClusterSpec): void {
  for (const group of groupsOf(cluster)) {
    const env = group.node.get('env');
    if (!isSeq(env)) continue;
    const address = addressOf(group.ips.items[0]);
    const host = wanted.hosts.find((one) => normalAddress(one.address) === address);
    for (const [at, item] of env.items.entries()) {
      const entry = host?.env.find(({ name }) => name === nameIn(textOf(item)));
      if (entry && isSealedText(entry.value)) set(cluster, ['spec', 'hosts', group.at, 'env', at], `${entry.name}=${entry.value}`);
    }
  }
}
