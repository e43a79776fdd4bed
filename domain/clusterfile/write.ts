import { stringify } from 'yaml';
import type { ConfigDocument, JsonObject, Policy } from '../cluster';
import { hostText } from '../host-list';
import { type DocumentName, documentNames, kinds } from '../kubeadm/kinds';
import type { NodeSettings } from '../node-settings';
import { nodeFields } from './beside';
import type { ClusterDocuments, ClusterfileHost, SshSettings } from './documents';
import { durationOf } from './duration';

/**
 * A Clusterfile of these documents: what parseClusterfile() reads back as the same. Secrets stand in it as they come, so
 * whoever shows it gives sealed ones. Braces of templates are written so that they are read as braces.
 */
export function writeClusterfile(documents: ClusterDocuments): string {
  const all = [
    clusterDocument(documents),
    ...documents.configs.map(configDocument),
    ...documentNames.flatMap((name) => {
      const document = documents.kubeadm[name];
      return document ? [kubeadmDocument(name, document)] : [];
    }),
    ...policyDocuments(documents),
  ];
  // Kubernetes reads YAML 1.1, where `y` and `on` are booleans: they need quotes.
  const text = all.map((one) => stringify(one, { lineWidth: 0, compat: 'yaml-1.1', aliasDuplicateObjects: false })).join('---\n');
  return text.replaceAll('{{', '{{ "{{" }}');
}

/** Documents as they stand in a file, with kind and apiVersion. */
export const configDocument = ({ name, ...spec }: ConfigDocument): JsonObject =>
  ({ apiVersion: 'apps.sealos.io/v1beta1', kind: 'Config', metadata: { name }, spec: spec as JsonObject });

export const kubeadmDocument = (name: DocumentName, document: JsonObject): JsonObject =>
  ({ apiVersion: defaultVersions[name], kind: kinds[name], ...document });

const defaultVersions = {
  init: 'kubeadm.k8s.io/v1beta4', cluster: 'kubeadm.k8s.io/v1beta4', join: 'kubeadm.k8s.io/v1beta4',
  kubelet: 'kubelet.config.k8s.io/v1beta1', kubeProxy: 'kubeproxy.config.k8s.io/v1alpha1',
} as const;

function clusterDocument({ name, images, hosts, ssh, env, command }: ClusterDocuments): JsonObject {
  return {
    apiVersion: 'apps.sealos.io/v1beta1',
    kind: 'Cluster',
    metadata: { name },
    spec: {
      image: images,
      ...(isEmpty(ssh) ? {} : { ssh: { ...ssh } }),
      hosts: groupsOf(hosts),
      ...(env.length > 0 ? { env: env.map(lineOf) } : {}),
      ...(command.length > 0 ? { command } : {}),
    },
  };
}

/** Hosts that differ in nothing but their address and follow each other are one group: the order of hosts has a meaning. */
function groupsOf(hosts: readonly ClusterfileHost[]): JsonObject[] {
  const groups: { key: string; ips: string[]; first: ClusterfileHost }[] = [];
  for (const host of hosts) {
    const key = JSON.stringify([host.roles, host.ssh, host.env, host.hostKeys]);
    const last = groups.at(-1);
    if (last?.key === key) last.ips.push(addressOf(host));
    else groups.push({ key, ips: [addressOf(host)], first: host });
  }
  return groups.map(({ ips, first: { roles, ssh, env, hostKeys } }) => ({
    ips, roles,
    ...(hostKeys === undefined ? {} : { hostKeys }),
    ...(isEmpty(ssh) ? {} : { ssh: { ...ssh } }),
    ...(env.length > 0 ? { env: env.map(lineOf) } : {}),
  }));
}

const isEmpty = (ssh: SshSettings): boolean => Object.keys(ssh).length === 0;
const lineOf = ({ name, value }: { name: string; value: string }): string => `${name}=${value}`;
const addressOf = ({ address, port }: ClusterfileHost): string => (port === undefined ? address : hostText({ address, port }));

export const policyDocument = (spec: object): JsonObject => ({ apiVersion: 'keelson.dev/v1alpha1', kind: 'Policy', spec: spec as JsonObject });

/** What differs from Keelson's own defaults, where anything does. */
function policyDocuments({ policy, controlPlaneEndpoint, hosts }: ClusterDocuments): JsonObject[] {
  const spec: JsonObject = {
    ...settingsOf(policy),
    ...(controlPlaneEndpoint === undefined ? {} : { controlPlaneEndpoint }),
    ...nodesOf(hosts),
  };
  return Object.keys(spec).length > 0 ? [policyDocument(spec)] : [];
}

/** What is said of Nodes, as a Policy writes it: by address. */
export function nodesOf(hosts: readonly (NodeSettings & { readonly address: string })[]): JsonObject {
  const tables = (Object.keys(nodeFields) as (keyof NodeSettings)[]).map((field) => [nodeFields[field], hosts.flatMap((host) => (host[field] === undefined ? [] : [[host.address, host[field]] as const]))] as const);
  return Object.fromEntries(tables.filter(([, entries]) => entries.length > 0).map(([field, entries]) => [field, Object.fromEntries(entries) as JsonObject]));
}

/** Settings as a Policy document writes them. */
export function settingsOf({ parkRetry, maxClockSkewMs, drain, snapshots, drift, ...same }: Partial<Policy>): JsonObject {
  return {
    ...(same as JsonObject),
    ...(parkRetry === undefined ? {} : { parkRetry: { times: parkRetry.times, first: durationOf(parkRetry.firstMs), factor: parkRetry.factor } }),
    ...inWords('maxClockSkew', maxClockSkewMs),
    ...(drain === undefined ? {} : { drain: { ...inWords('grace', drain.graceMs), timeout: durationOf(drain.timeoutMs), force: drain.force } }),
    ...(snapshots === undefined ? {} : { snapshots: { beforeUpgrade: snapshots.beforeUpgrade, keep: snapshots.keep, ...inWords('every', snapshots.everyMs) } }),
    ...(drift === undefined ? {} : { drift: { ...inWords('every', drift.everyMs), converge: drift.converge } }),
  };
}

const inWords = (name: string, ms: number | undefined): JsonObject => (ms === undefined ? {} : { [name]: durationOf(ms) });
