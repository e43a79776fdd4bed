import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeadmDocuments } from '../cluster';
import { ClusterError } from '../errors';
import { isObject } from './json';
import { nameOfKind } from './kinds';

/**
 * The documents of an image's etc/kubeadm.yml, by kind; other documents are left aside. Throws ClusterError InvalidImage
 * when it is no YAML.
 */
export function readDocuments(text: string): KubeadmDocuments {
  const parsed = parseAllDocuments(text, { logLevel: 'error' });
  const documents = 'empty' in parsed ? [] : parsed;
  const found: Record<string, JsonObject> = {};
  for (const document of documents) {
    const [error] = document.errors;
    if (error) throw new ClusterError('InvalidImage', `etc/kubeadm.yml of the image is no YAML: ${error.message}`, { todo: 'Correct the image.' });
    const value: unknown = document.toJS();
    const name = isObject(value) ? nameOfKind(value['kind']) : undefined;
    if (name) found[name] = value as JsonObject;
  }
  return found;
}
