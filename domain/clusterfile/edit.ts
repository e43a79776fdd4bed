import { Document, isMap, isScalar, isSeq, parseAllDocuments, type YAMLMap, type YAMLSeq } from 'yaml';
import { type ClusterSpec, type Credential, type Host } from '../cluster';
import { canonicalJson, digestOf } from '../digest';
import { isSecretName } from '../env';
import { parseHost } from '../host-list';
import { normalAddress } from '../ip-range';
import { documentNames, kinds, nameOfKind } from '../kubeadm/kinds';
import { nodeFields } from './beside';
import { policyBeyond, sshOf } from './of-spec';
import { configDocument, kubeadmDocument, nodesOf, settingsOf } from './write';

export interface Edit {
  /** The Clusterfile as a person wrote it, its templates rendered. */
  readonly text: string;
  /** The spec that this text leads to, secrets sealed with the cluster's key. */
  readonly said: ClusterSpec;
  /** The spec that the text shall say. */
  readonly wanted: ClusterSpec;
  /** Also secrets that the text says in clear are put as `sealed:`, so that the text can be shown and kept anywhere. */
  readonly sealed?: boolean;
}

/**
 * Brings a Clusterfile up to date, in place: what it says already keeps its words, its order and its comments, documents
 * that nobody knows and those that need no change keep every byte. Secrets that came by flags stand as `sealed:`.
 * Braces that were text before are braces again in the result. The caller checks that the result says what was wanted:
 * a file with anchors or with a document written twice may not.
 */
export function editClusterfile({ text, said, wanted, sealed = false }: Edit): string {
  const file = new File(text);
  const cluster = file.find((value) => value['kind'] === 'Cluster');
  if (!cluster) return text;
  const edit: Work = { file, cluster, said, wanted, sealed };
  if (said.name !== wanted.name) set(cluster, ['metadata', 'name'], wanted.name);
  if (canonicalJson(said.images) !== canonicalJson(wanted.images)) editList(cluster, ['spec', 'image'], wanted.images);
  editHosts(edit);
  editEnv(edit);
  if (canonicalJson(said.command) !== canonicalJson(wanted.command)) set(cluster, ['spec', 'command'], wanted.command);
  editConfigs(edit);
  editKubeadm(edit);
  editPolicy(edit);
  return file.text().replaceAll('{{', '{{ "{{" }}');
}

interface Work {
  readonly file: File;
  readonly cluster: Piece;
  readonly said: ClusterSpec;
  readonly wanted: ClusterSpec;
  readonly sealed: boolean;
}

interface Piece {
  document: Document;
  /** As it stands in the file, with the comment before it. */
  readonly source: string;
  changed: boolean;
  gone: boolean;
}

/** The documents of a file; those that are not touched come out as they came in. */
class File {
  private readonly pieces: Piece[];

  constructor(text: string) {
    const parsed = parseAllDocuments(text, { logLevel: 'error', merge: true, prettyErrors: false });
    const documents = 'empty' in parsed ? [] : parsed;
    let from = 0;
    this.pieces = documents.map((document) => {
      const source = text.slice(from, document.range[2]);
      from = document.range[2];
      return { document, source, changed: false, gone: false };
    });
  }

  /** The last document that is so: of two that say the same the last one counts. */
  find(is: (value: Record<string, unknown>) => boolean): Piece | undefined {
    return this.pieces.filter(({ document, gone }) => !gone && isRecord(valueOf(document)) && is(valueOf(document) as Record<string, unknown>)).at(-1);
  }

  add(value: object): void {
    const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
    this.pieces.push({ document, source: '', changed: true, gone: false });
  }

  text(): string {
    let all = '';
    for (const { document, source, changed, gone } of this.pieces) {
      if (gone) continue;
      const piece = changed ? document.toString({ lineWidth: 0 }) : source;
      const opens = /^(?:\s*(?:#.*|%.*)?\n)*---(?:\s|$)/.test(piece);
      if (all !== '' && !all.endsWith('\n')) all += '\n';
      all += all === '' || opens ? piece : `---\n${piece}`;
    }
    return all;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const valueOf = (document: Document): unknown => document.toJS() as unknown;

/** A text in place of a text keeps the comment beside it. */
function set(piece: Piece, path: readonly (string | number)[], value: unknown): void {
  const there = piece.document.getIn(path, true);
  if (isScalar(there) && typeof value !== 'object') there.value = value;
  else piece.document.setIn(path, piece.document.createNode(value));
  piece.changed = true;
}

function remove(piece: Piece, path: readonly (string | number)[]): void {
  if (piece.document.hasIn(path) && piece.document.deleteIn(path)) piece.changed = true;
}

const textOf = (node: unknown): string => (isScalar(node) ? String(node.value) : '');

/** A list of texts: items keep their comments, new ones go where the wanted order has them. */
function editList(piece: Piece, path: readonly string[], wanted: readonly string[]): void {
  const list = piece.document.getIn(path);
  if (!isSeq(list)) return set(piece, path, wanted);
  const left = [...list.items];
  list.items = wanted.map((text) => {
    const at = left.findIndex((item) => textOf(item) === text);
    return at < 0 ? piece.document.createNode(text) : left.splice(at, 1)[0];
  });
  piece.changed = true;
}

const sameHost = (a: Host, b: Host): boolean => digestOf(shown(a)) === digestOf(shown(b));
/** What a group of the file says of a host, logins and Node names apart. */
const shown = ({ port, roles, env, hostKeys = [] }: Host) => ({ port, roles, env, hostKeys });
const access = (spec: ClusterSpec, { credential }: Host): Credential => spec.credentials[credential] ?? { user: 'root' };
/** Two logins are one when they hold the same secrets; an agent belongs to a machine, not to a file. */
const sameAccess = (a: Credential, b: Credential): boolean => digestOf(sshOf(a)) === digestOf(sshOf(b));

function editHosts(edit: Work): void {
  const { cluster, said, wanted } = edit;
  const saidHosts = new Map(said.hosts.map((host) => [normalAddress(host.address), host]));
  const left = new Map(wanted.hosts.map((host) => [normalAddress(host.address), host]));
  const groups = groupsOf(cluster);
  // Without hosts the file means the machine that reads it; named, it means the same everywhere.
  if (groups.length === 0 && said.hosts.length === wanted.hosts.length && said.hosts.every((host) => left.has(normalAddress(host.address)))) return;

  for (const [at, group] of groups.entries()) {
    group.ips.items = group.ips.items.filter((item) => {
      const address = normalAddress(parseHost(textOf(item).trim())?.address ?? '');
      const [before, after] = [saidHosts.get(address), left.get(address)];
      // One text for several hosts cannot be sealed: a sealed value opens on one host only.
      const alone = edit.sealed && group.members.length > 0 && (after?.env.some(({ value }) => value.startsWith('sealed:')) ?? false);
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
function editLogins({ cluster, said, wanted, sealed }: Work, groups: readonly Group[]): void {
  const before = new Map(said.hosts.map((host) => [host.id, host]));
  const isClear = (path: readonly (string | number)[]): boolean => ['passwd', 'pkData', 'pkPasswd'].some((key) => {
    const value = textOf(cluster.document.getIn([...path, key], true));
    return value !== '' && !value.startsWith('sealed:');
  });
  const write = (path: readonly (string | number)[], members: readonly Host[]): void => {
    const [first] = members;
    const clear = sealed && isClear(path);
    if (!first) return clear ? void ['passwd', 'pkData', 'pkPasswd'].forEach((key) => remove(cluster, [...path, key])) : undefined;
    const differs = members.some((host) => !sameAccess(access(wanted, host), access(said, before.get(host.id) ?? host)));
    if (differs || clear) writeLogin(cluster, path, access(wanted, first));
  };
  write(['spec', 'ssh'], groups.filter((group) => !saysLogin(group)).flatMap(({ members }) => members));
  for (const group of groups) if (saysLogin(group)) write(['spec', 'hosts', group.at, 'ssh'], group.members);
}

function writeLogin(cluster: Piece, path: readonly (string | number)[], credential: Credential): void {
  const ssh = sshOf(credential) as Record<string, string>;
  for (const key of loginKeys) {
    const value = ssh[key];
    if (value === undefined) remove(cluster, [...path, key]);
    else if (textOf(cluster.document.getIn([...path, key], true)) !== value) set(cluster, [...path, key], value);
  }
}

/** Beside hosts of its kind where there are any, or else in a group of its own. */
function addHost({ cluster, wanted }: Work, groups: Group[], host: Host): void {
  const { document } = cluster;
  cluster.changed = true;
  const text = host.address.includes(':') ? `[${host.address}]:${host.port}` : `${host.address}:${host.port}`;
  const twin = groups.find(({ members: [first] }) => first && digestOf({ ...shown(first), port: 0 }) === digestOf({ ...shown(host), port: 0 }) &&
    sameAccess(access(wanted, first), access(wanted, host)) && !host.env.some(({ value }) => value.startsWith('sealed:')));
  if (twin) {
    twin.ips.add(document.createNode(text));
    twin.members.push(host);
    return;
  }
  const common = groups.find((group) => group.members.length > 0 && !saysLogin(group))?.members[0];
  const ownLogin = common ? !sameAccess(access(wanted, common), access(wanted, host)) : groups.length > 0 || wanted.hosts.some((one) => one.credential !== host.credential);
  if (!common && !ownLogin) writeLogin(cluster, ['spec', 'ssh'], access(wanted, host));
  const node = document.createNode({
    ips: [text], roles: host.roles,
    ...(host.hostKeys ? { hostKeys: host.hostKeys } : {}),
    ...(ownLogin ? { ssh: sshOf(access(wanted, host)) } : {}),
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
function inOrder({ cluster, wanted }: Work, groups: readonly Group[]): void {
  const list = cluster.document.getIn(['spec', 'hosts']);
  if (!isSeq(list)) return;
  const place = new Map(wanted.hosts.map(({ address }, at) => [normalAddress(address), at]));
  const placeOf = (item: unknown): number => place.get(normalAddress(parseHost(textOf(item).trim())?.address ?? '')) ?? Number.MAX_SAFE_INTEGER;
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

function editEnv({ cluster, said, wanted, sealed }: Work): void {
  const path = ['spec', 'env'];
  const before = new Map(said.env.map((entry) => [entry.name, entry.value]));
  const after = new Map(wanted.env.map((entry) => [entry.name, entry.value]));
  const lines = (): readonly unknown[] => {
    const list = cluster.document.getIn(path);
    return isSeq(list) ? list.items : [];
  };
  for (const name of [...before.keys()].filter((one) => !after.has(one))) {
    const list = cluster.document.getIn(path);
    if (isSeq(list)) list.items = list.items.filter((item) => nameOf(item) !== name);
    cluster.changed = true;
  }
  for (const [name, value] of after) {
    const at = lines().map(nameOf).lastIndexOf(name);
    const clear = sealed && isSecretName(name) && !textOf(lines()[at]).includes('=sealed:');
    if (at >= 0 && digestOf(before.get(name)) === digestOf(value) && !clear) continue;
    if (at >= 0) set(cluster, [...path, at], `${name}=${value}`);
    else if (lines().length > 0) {
      cluster.document.addIn(path, cluster.document.createNode(`${name}=${value}`));
      cluster.changed = true;
    } else set(cluster, path, [`${name}=${value}`]);
  }
  if (sealed) sealHostEnv(cluster, wanted);
}

function sealHostEnv(cluster: Piece, wanted: ClusterSpec): void {
  for (const group of groupsOf(cluster)) {
    const env = group.node.get('env');
    if (!isSeq(env)) continue;
    const addresses = group.ips.items.map((item) => normalAddress(parseHost(textOf(item).trim())?.address ?? ''));
    const host = wanted.hosts.find(({ address }) => normalAddress(address) === addresses[0]);
    for (const [at, item] of env.items.entries()) {
      const entry = host?.env.find(({ name }) => name === nameOf(item));
      if (entry?.value.startsWith('sealed:')) set(cluster, ['spec', 'hosts', group.at, 'env', at], `${entry.name}=${entry.value}`);
    }
  }
}

const nameOf = (item: unknown): string => textOf(item).split('=', 1)[0]?.trim() ?? '';

function editConfigs({ file, said, wanted }: Work): void {
  const before = new Map(said.configs.map((config) => [config.name, config]));
  const after = new Map(wanted.configs.map((config) => [config.name, config]));
  const named = (name: string) => file.find((value) => value['kind'] === 'Config' && isRecord(value['metadata']) && value['metadata']['name'] === name);
  for (const name of before.keys()) {
    const piece = named(name);
    if (!after.has(name) && piece) piece.gone = true;
  }
  for (const [name, config] of after) {
    if (canonicalJson(before.get(name)) === canonicalJson(config)) continue;
    const piece = named(name);
    if (!piece) file.add(configDocument(config));
    else {
      const { name: _name, ...spec } = config;
      for (const key of ['path', 'match', 'strategy', 'data'] as const) {
        if (spec[key] === undefined) remove(piece, ['spec', key]);
        else if (piece.document.getIn(['spec', key]) !== spec[key]) set(piece, ['spec', key], spec[key]);
      }
    }
  }
}

function editKubeadm({ file, said, wanted }: Work): void {
  for (const name of documentNames) {
    const [before, after] = [said.kubeadm[name], wanted.kubeadm[name]];
    if (canonicalJson(before) === canonicalJson(after)) continue;
    const piece = file.find((value) => nameOfKind(value['kind']) === name);
    if (!after) { if (piece) piece.gone = true; }
    else if (!piece) file.add(kubeadmDocument(name, after));
    else {
      const next = { apiVersion: piece.document.get('apiVersion'), kind: kinds[name], ...after };
      for (const key of Object.keys(isRecord(valueOf(piece.document)) ? (valueOf(piece.document) as object) : {})) if (!(key in next)) remove(piece, [key]);
      for (const [key, value] of Object.entries(next)) {
        if (canonicalJson((valueOf(piece.document) as Record<string, unknown>)[key]) !== canonicalJson(value)) set(piece, [key], value);
      }
    }
  }
}

function editPolicy({ file, said, wanted }: Work): void {
  const differing: Record<string, unknown> = settingsOf(policyBeyond(wanted.policy, said.policy));
  if (wanted.controlPlaneEndpoint !== said.controlPlaneEndpoint) differing['controlPlaneEndpoint'] = wanted.controlPlaneEndpoint;
  const [before, after] = [nodesOf(said.hosts), nodesOf(wanted.hosts)];
  for (const field of Object.values(nodeFields)) if (canonicalJson(before[field]) !== canonicalJson(after[field])) differing[field] = after[field];
  if (Object.keys(differing).length === 0) return;
  const piece = file.find((value) => value['kind'] === 'Policy');
  if (!piece) return file.add({ apiVersion: 'keelson.dev/v1alpha1', kind: 'Policy', spec: differing });
  for (const [key, value] of Object.entries(differing)) {
    if (value === undefined) remove(piece, ['spec', key]);
    else set(piece, ['spec', key], value);
  }
}
