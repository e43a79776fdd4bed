import type { JsonObject, KubeadmDocuments } from '../cluster';
import { ClusterError } from '../errors';
import { faultOf, readYaml, valueOf, YamlFault } from '../yaml';
import { isObject } from './json';
import { nameOfKind } from './kinds';

/**
 * The documents of an image's etc/kubeadm.yml, by kind; other documents are left aside. Throws ClusterError InvalidImage
 * when it is no YAML.
 */
export function readDocuments(text: string): KubeadmDocuments {
  try {
    return documentsOf(text);
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    throw notYaml(error.message);
  }
}

const notYaml = (why: string): ClusterError =>
  new ClusterError('InvalidImage', `etc/kubeadm.yml of the image is no YAML: ${why}`, { todo: 'Correct the image.' });

function documentsOf(text: string): KubeadmDocuments {
  const found: Record<string, JsonObject> = {};
  for (const document of readYaml(text)) {
    const fault = faultOf(document, text);
    if (fault) throw notYaml(fault);
    const value = valueOf(document);
    const name = isObject(value) ? nameOfKind(value['kind']) : undefined;
    if (name) found[name] = value as JsonObject;
  }
  return found;
}
