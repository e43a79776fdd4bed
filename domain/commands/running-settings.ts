import { parse } from 'yaml';
import type { Command } from '../command';
import type { JsonObject } from '../cluster';
import { adminConf } from '../host-paths';
import { type FixedSettings, namedFixed } from '../kubeadm/fixed';
import { isObject, objectAt, textAt } from '../kubeadm/json';

/** Where kubeadm keeps the documents in the cluster: the ConfigMap of each, and the key in it. */
const places = {
  cluster: ['kubeadm-config', 'ClusterConfiguration'], kubelet: ['kubelet-config', 'kubelet'], kubeProxy: ['kube-proxy', 'config.conf'],
} as const;

/** The settings that the running cluster keeps for good; undefined when it does not say: a cluster that kubeadm did not make. */
export const readFixedSettings: Command<FixedSettings | undefined> = {
  title: 'read what is fixed in the configuration',
  script: `kubectl --kubeconfig ${adminConf} --request-timeout=10s -n kube-system get configmap ${Object.values(places).map(([name]) => name).join(' ')} --ignore-not-found -o json`,
  parse: ({ stdout }) => readSettings(stdout),
};

function readSettings(stdout: string): FixedSettings | undefined {
  const list: unknown = stdout.trim() === '' ? {} : JSON.parse(stdout);
  const items = isObject(list) && Array.isArray(list['items']) ? (list['items'] as readonly unknown[]).filter(isObject) : [];
  const texts = Object.entries(places).map(([document, [name, key]]) =>
    [document, textAt(objectAt(items.find((one) => textAt(objectAt(one, 'metadata'), 'name') === name), 'data'), key)] as const);
  const documents = Object.fromEntries(texts.map(([document, text]) => [document, documentIn(text ?? '')]));
  return documents['cluster'] ? namedFixed(documents) : undefined;
}

/** What is no document says nothing. */
function documentIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = parse(text, { logLevel: 'silent' });
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
