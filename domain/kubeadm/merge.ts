import type { Json, JsonObject, KubeadmDocuments } from '../cluster';
import { withArgumentLists } from './arguments';
import { isObject, without } from './json';
import { documentNames } from './kinds';

/** Lists whose items have names: an item replaces those of its name, and stands behind the others. */
const named = ['extraArgs', 'kubeletExtraArgs', 'extraVolumes', 'extraEnvs'];
/** Lists that are sets: both sources count. */
const united = ['certSANs', 'ignorePreflightErrors', 'excludeCIDRs'];

/**
 * Puts one set of documents over another. The stronger value wins, key by key; null takes the weaker value away. Arguments
 * and volumes are overridden by name: sealos appends, so that a user's argument stands behind the default of the same
 * name. Other lists are replaced, since an appended `clusterDNS` or `enforceNodeAllocatable` means something else.
 */
export function mergeDocuments(weaker: KubeadmDocuments, stronger: KubeadmDocuments): KubeadmDocuments {
  const merged = documentNames.map((name) => {
    const [low, high] = [weaker[name], stronger[name]];
    if (!low || !high) return [name, low ?? high] as const;
    return [name, mergeObjects(name === 'cluster' ? dropOtherEtcd(low, high) : low, high)] as const;
  });
  return Object.fromEntries(merged.filter(([, document]) => document !== undefined));
}

/** The documents with every argument as a list, so that sources of any apiVersion can be merged. */
export const normalize = (documents: KubeadmDocuments): KubeadmDocuments => withArgumentLists(documents as JsonObject) as KubeadmDocuments;

/** etcd is local or external: giving one drops the other of the weaker source; external is looked at first. */
function dropOtherEtcd(low: JsonObject, high: JsonObject): JsonObject {
  const [weak, strong] = [low['etcd'], high['etcd']];
  if (!isObject(weak) || !isObject(strong)) return low;
  const other = isObject(strong['external']) ? 'local' : isObject(strong['local']) ? 'external' : undefined;
  return other ? { ...low, etcd: without(weak, [other]) } : low;
}

function mergeObjects(low: JsonObject, high: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...low };
  for (const [key, value] of Object.entries(high)) result[key] = mergeValues(key, low[key], value);
  return result;
}

function mergeValues(key: string, low: Json | undefined, high: Json): Json {
  if (isObject(low) && isObject(high)) return mergeObjects(low, high);
  if (!Array.isArray(low) || !Array.isArray(high)) return high;
  const [weak, strong] = [low as readonly Json[], high as readonly Json[]];
  if (named.includes(key)) return [...weak.filter((item) => !strong.some((other) => nameOf(other) === nameOf(item))), ...strong];
  if (united.includes(key)) return [...weak, ...strong.filter((item) => !weak.includes(item))];
  return high;
}

const nameOf = (item: Json): Json | undefined => (isObject(item) ? item['name'] : item);
