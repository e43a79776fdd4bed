import { stringify } from 'yaml';
import type { Json, JsonObject, KubeadmDocuments } from '../cluster';
import { withArgumentMaps } from './arguments';
import { objectAt, prune, textAt, without } from './json';
import { apiVersionOf, type DocumentName, kinds, kubeadmApi } from './kinds';

/** Fields that only v1beta4 has; kubeadm of an older version would warn, and ignore them. */
const newFields: Partial<Record<DocumentName, readonly string[]>> = {
  init: ['timeouts', 'dryRun'],
  join: ['timeouts', 'dryRun'],
  cluster: ['certificateValidityPeriod', 'caCertificateValidityPeriod', 'encryptionAlgorithm', 'proxy'],
};

/** The documents as one YAML file for kubeadm of a version, in this order. Fields that moved between the apiVersions move. */
export function writeDocuments(documents: KubeadmDocuments, names: readonly DocumentName[], version: string): string {
  const fitted = kubeadmApi(version) === 'v1beta4' ? forBeta4(documents) : forBeta3(documents);
  return names.map((name) => {
    const rest = without(fitted[name] ?? {}, ['apiVersion', 'kind']);
    // Kubernetes reads YAML 1.1, where `y` and `on` are booleans: they need quotes.
    return stringify({ apiVersion: apiVersionOf(name, version), kind: kinds[name], ...(prune(rest) as JsonObject) },
      { lineWidth: 0, compat: 'yaml-1.1', aliasDuplicateObjects: false });
  }).join('---\n');
}

/** `apiServer.timeoutForControlPlane` and `discovery.timeout` became `timeouts`; `dns.type` and the hyperkube went. */
function forBeta4(documents: KubeadmDocuments): KubeadmDocuments {
  const { init, join, cluster } = documents;
  const old = textAt(objectAt(cluster, 'apiServer'), 'timeoutForControlPlane');
  const wait: JsonObject = old ? { controlPlaneComponentHealthCheck: old } : {};
  const discovery = objectAt(join, 'discovery');
  const found = textAt(discovery, 'timeout');
  return {
    ...documents,
    ...(cluster ? { cluster: clean(cluster, ['timeoutForControlPlane']) } : {}),
    ...(init ? { init: withTimeouts(init, wait) } : {}),
    ...(join ? { join: withTimeouts({ ...join, discovery: without(discovery, ['timeout']) }, { ...wait, ...(found ? { discovery: found } : {}) }) } : {}),
  };
}

function withTimeouts(document: JsonObject, weaker: JsonObject): JsonObject {
  const timeouts = { ...weaker, ...objectAt(document, 'timeouts') };
  return Object.keys(timeouts).length > 0 ? { ...document, timeouts } : document;
}

function forBeta3(documents: KubeadmDocuments): KubeadmDocuments {
  const wait = textAt(objectAt(documents.init, 'timeouts'), 'controlPlaneComponentHealthCheck');
  const entries = Object.entries(documents).map(([name, document]: [string, JsonObject]) => {
    const kept = without(document, newFields[name as DocumentName] ?? []);
    if (name !== 'cluster') return [name, withArgumentMaps(kept)] as const;
    const cluster = clean(kept, ['extraEnvs']);
    const apiServer: Json = { ...(wait ? { timeoutForControlPlane: wait } : {}), ...objectAt(cluster, 'apiServer') };
    return [name, withArgumentMaps({ ...cluster, apiServer })] as const;
  });
  return Object.fromEntries(entries) as KubeadmDocuments;
}

/** ClusterConfiguration without what older apiVersions had and this one has not. */
function clean(cluster: JsonObject, componentFields: readonly string[]): JsonObject {
  const components = ['apiServer', 'controllerManager', 'scheduler'].filter((name) => name in cluster);
  return {
    ...without(cluster, ['useHyperKubeImage', 'clusterStatus']),
    ...Object.fromEntries(components.map((name) => [name, without(objectAt(cluster, name), componentFields)])),
    ...('dns' in cluster ? { dns: without(objectAt(cluster, 'dns'), ['type']) } : {}),
  };
}
