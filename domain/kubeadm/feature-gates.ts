import type { Json, JsonObject, KubeadmDocuments } from '../cluster';
import { isObject, objectAt } from './json';
import { minorOf } from './kinds';

/** Gates that sealos and older Clusterfiles set, and the minors that know them: a component with an unknown gate does not start. */
const known: Readonly<Record<string, { readonly from: number; readonly before: number }>> = {
  TTLAfterFinished: { from: 8, before: 24 },
  EphemeralContainers: { from: 16, before: 26 },
  CSIStorageCapacity: { from: 21, before: 27 },
};

const isKnown = (gate: string, minor: number): boolean => {
  const span = known[gate];
  return !span || (minor >= span.from && minor < span.before);
};

/**
 * Takes feature gates away that the version does not know, by name only: sealos empties the argument `feature-gates`
 * altogether, and the user's own gates with it.
 */
export function pruneFeatureGates(documents: KubeadmDocuments, version: string): KubeadmDocuments {
  const minor = minorOf(version);
  const { cluster, kubelet, kubeProxy } = documents;
  return {
    ...documents,
    ...(cluster ? { cluster: pruneCluster(cluster, minor) } : {}),
    ...(kubelet ? { kubelet: pruneMap(kubelet, minor) } : {}),
    ...(kubeProxy ? { kubeProxy: pruneMap(kubeProxy, minor) } : {}),
  };
}

function pruneMap(document: JsonObject, minor: number): JsonObject {
  if (!isObject(document['featureGates'])) return document;
  return { ...document, featureGates: Object.fromEntries(Object.entries(document['featureGates']).filter(([gate]) => isKnown(gate, minor))) };
}

function pruneCluster(cluster: JsonObject, minor: number): JsonObject {
  const changed = ['apiServer', 'controllerManager', 'scheduler'].filter((component) => Array.isArray(objectAt(cluster, component)['extraArgs']));
  return { ...cluster, ...Object.fromEntries(changed.map((component) => [component, pruneArguments(objectAt(cluster, component), minor)])) };
}

function pruneArguments(component: JsonObject, minor: number): JsonObject {
  const args = (component['extraArgs'] as readonly Json[]).flatMap((one): Json[] => {
    if (!isObject(one) || one['name'] !== 'feature-gates' || typeof one['value'] !== 'string') return [one];
    const value = one['value'].split(',').filter((gate) => gate !== '' && isKnown(gate.split('=')[0]?.trim() ?? '', minor)).join(',');
    return value === '' ? [] : [{ ...one, value }];
  });
  return { ...component, extraArgs: args };
}
