import { isSeq } from 'yaml';
import type { ClusterSpec } from '../cluster';
import { canonicalJson, digestOf } from '../digest';
import { isSecretName, nameIn } from '../env';
import { isObject } from '../kubeadm/json';
import { documentNames, kinds, nameOfKind } from '../kubeadm/kinds';
import { nodeFields } from './beside';
import { editHosts, sealHostEnv } from './edit-hosts';
import { editList, fieldsOf, File, type Piece, remove, set, textOf } from './edit-text';
import { policyBeyond } from './of-spec';
import { configDocument, kubeadmDocument, nodesOf, policyDocument, settingsOf } from './write';

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
  const edit: Editing = { file, cluster, said, wanted, sealed };
  if (said.name !== wanted.name) set(cluster, ['metadata', 'name'], wanted.name);
  if (canonicalJson(said.images) !== canonicalJson(wanted.images)) editList(cluster, ['spec', 'image'], wanted.images);
  editHosts(edit);
  editEnv(edit);
  if (sealed) sealHostEnv(cluster, wanted);
  if (canonicalJson(said.command) !== canonicalJson(wanted.command)) set(cluster, ['spec', 'command'], wanted.command);
  editConfigs(edit);
  editKubeadm(edit);
  editPolicy(edit);
  return file.text().replaceAll('{{', '{{ "{{" }}');
}

/** An edit under way: the file, and the Cluster document in it. */
export interface Editing {
  readonly file: File;
  readonly cluster: Piece;
  readonly said: ClusterSpec;
  readonly wanted: ClusterSpec;
  readonly sealed: boolean;
}

function editEnv({ cluster, said, wanted, sealed }: Editing): void {
  const path = ['spec', 'env'];
  const before = new Map(said.env.map((entry) => [entry.name, entry.value]));
  const after = new Map(wanted.env.map((entry) => [entry.name, entry.value]));
  const lines = (): readonly unknown[] => {
    const list = cluster.document.getIn(path);
    return isSeq(list) ? list.items : [];
  };
  for (const name of [...before.keys()].filter((one) => !after.has(one))) {
    const list = cluster.document.getIn(path);
    if (isSeq(list)) list.items = list.items.filter((item) => nameIn(textOf(item)) !== name);
    cluster.changed = true;
  }
  for (const [name, value] of after) {
    const at = lines().map((item) => nameIn(textOf(item))).lastIndexOf(name);
    const clear = sealed && isSecretName(name) && !textOf(lines()[at]).includes('=sealed:');
    if (at >= 0 && digestOf(before.get(name)) === digestOf(value) && !clear) continue;
    if (at >= 0) set(cluster, [...path, at], `${name}=${value}`);
    else if (lines().length > 0) {
      cluster.document.addIn(path, cluster.document.createNode(`${name}=${value}`));
      cluster.changed = true;
    } else set(cluster, path, [`${name}=${value}`]);
  }
}

function editConfigs({ file, said, wanted }: Editing): void {
  const before = new Map(said.configs.map((config) => [config.name, config]));
  const after = new Map(wanted.configs.map((config) => [config.name, config]));
  const named = (name: string) => file.find((value) => value['kind'] === 'Config' && isObject(value['metadata']) && value['metadata']['name'] === name);
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

function editKubeadm({ file, said, wanted }: Editing): void {
  for (const name of documentNames) {
    const [before, after] = [said.kubeadm[name], wanted.kubeadm[name]];
    if (canonicalJson(before) === canonicalJson(after)) continue;
    const piece = file.find((value) => nameOfKind(value['kind']) === name);
    if (!after) { if (piece) piece.gone = true; }
    else if (!piece) file.add(kubeadmDocument(name, after));
    else {
      const next = { apiVersion: piece.document.get('apiVersion'), kind: kinds[name], ...after };
      for (const key of Object.keys(fieldsOf(piece))) if (!(key in next)) remove(piece, [key]);
      const there = fieldsOf(piece);
      for (const [key, value] of Object.entries(next)) if (canonicalJson(there[key]) !== canonicalJson(value)) set(piece, [key], value);
    }
  }
}

function editPolicy({ file, said, wanted }: Editing): void {
  const differing: Record<string, unknown> = settingsOf(policyBeyond(wanted.policy, said.policy));
  if (wanted.controlPlaneEndpoint !== said.controlPlaneEndpoint) differing['controlPlaneEndpoint'] = wanted.controlPlaneEndpoint;
  const [before, after] = [nodesOf(said.hosts), nodesOf(wanted.hosts)];
  for (const field of Object.values(nodeFields)) if (canonicalJson(before[field]) !== canonicalJson(after[field])) differing[field] = after[field];
  if (Object.keys(differing).length === 0) return;
  const piece = file.find((value) => value['kind'] === 'Policy');
  if (!piece) return file.add(policyDocument(differing));
  for (const [key, value] of Object.entries(differing)) {
    if (value === undefined) remove(piece, ['spec', key]);
    else set(piece, ['spec', key], value);
  }
}
