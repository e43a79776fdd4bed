import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../cluster';
import { isSecretName } from '../env';
import { isObject, listAt, objectAt, textAt } from '../kubeadm/json';
import type { Difference } from './difference';

/** Control plane components that kubeadm runs as static pods, with their section of ClusterConfiguration. */
const components = {
  'kube-apiserver': 'apiServer', 'kube-controller-manager': 'controllerManager', 'kube-scheduler': 'scheduler', etcd: 'etcd',
} as const;
export type Component = keyof typeof components;
export const componentNames = Object.keys(components) as readonly Component[];
export const manifestPath = (component: Component): string => `/etc/kubernetes/manifests/${component}.yaml`;

export interface StaticPodInput {
  readonly host: string;
  /** The address that its API server tells others. */
  readonly address: string;
  readonly component: Component;
  /** The manifest as it is on the host. */
  readonly text: string;
  /** kubeadm's configuration as Keelson makes it: the file for `kubeadm init`. */
  readonly config: string;
  /** Kubernetes version, with the `v`. */
  readonly version: string;
}

/**
 * The flags of a static pod against what kubeadm's configuration says: its extraArgs by name and value, and what kubeadm
 * itself sets. A flag that neither names was put there by somebody. Flags of etcd that kubeadm derives differ from version
 * to version and are known by name only.
 */
export function staticPodDifferences(input: StaticPodInput): Difference[] {
  const { component, text, host } = input;
  const file = manifestPath(component);
  const seen = flagsIn(text);
  const cluster = documentOf(input.config, 'ClusterConfiguration');
  const section = component === 'etcd' ? objectAt(objectAt(cluster, 'etcd'), 'local') : objectAt(cluster, components[component]);
  const said = argumentsOf(section);
  const own = ownFlags(component, cluster, input.address);
  const wanted = new Map([...own, ...said]);
  const at = (flag: string, line: number | undefined, message: string): Difference => ({ host, kind: 'flag', file, flag, message, ...(line === undefined ? {} : { line }) });

  const wrong = [...wanted].flatMap(([flag, value]): Difference[] => {
    const there = seen.get(flag);
    if (!there) return [at(flag, undefined, `--${flag} is missing; kubeadm's configuration says ${shown(flag, value)}`)];
    return value === undefined || there.value === value ? [] : [at(flag, there.line, `--${flag} is ${shown(flag, there.value)}; kubeadm's configuration says ${shown(flag, value)}`)];
  });
  const added = [...seen].filter(([flag]) => !wanted.has(flag) && !known[component].has(flag))
    .map(([flag, { line, value }]) => at(flag, line, `--${flag}=${shown(flag, value)} is not from kubeadm's configuration`));
  return [...wrong, ...added, ...versionDifference(input)];
}

const shown = (flag: string, value: string | undefined): string => (isSecretName(flag) && !/file|cert|key-file/.test(flag) ? '(a secret)' : (value ?? 'it').slice(0, 200));

function versionDifference({ host, component, text, version }: StaticPodInput): Difference[] {
  if (component === 'etcd') return [];
  const lines = text.split('\n');
  const at = lines.findIndex((line) => /^\s*(- )?image:/.test(line));
  const tag = /:(v\d[^\s"'@]*)/.exec(lines[at] ?? '')?.[1];
  if (tag === undefined || tag === version) return [];
  return [{ host, kind: 'version', file: manifestPath(component), line: at + 1, message: `${component} is ${tag}, the cluster is ${version}` }];
}

/** `--name=value` of the container's command, with its line. */
function flagsIn(text: string): Map<string, { value: string; line: number }> {
  const found = new Map<string, { value: string; line: number }>();
  text.split('\n').forEach((line, index) => {
    const [, item] = /^\s*- (.*)$/.exec(line) ?? [];
    const [, flag, value] = /^--([A-Za-z0-9][\w-]*)(?:=([\s\S]*))?$/.exec(unquoted(item ?? '')) ?? [];
    if (flag !== undefined) found.set(flag, { value: value ?? 'true', line: index + 1 });
  });
  return found;
}

const unquoted = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, '$2');

/** The first document of a kind among kubeadm's; an empty one where there is none. */
export function documentOf(config: string, kind: string): JsonObject {
  const parsed = parseAllDocuments(config, { logLevel: 'error' });
  for (const document of 'empty' in parsed ? [] : parsed) {
    const value: unknown = document.toJS();
    if (isObject(value) && value['kind'] === kind) return value;
  }
  return {};
}

/** extraArgs as a list (v1beta4) or as a map (v1beta3). */
function argumentsOf(section: JsonObject): Map<string, string | undefined> {
  const list = listAt(section, 'extraArgs').flatMap((item) => (isObject(item) ? [[String(item['name']), String(item['value'])] as const] : []));
  const map = Object.entries(objectAt(section, 'extraArgs')).map(([name, value]) => [name, String(value)] as const);
  return new Map([...list, ...map]);
}

/** What kubeadm sets by itself, as it does from 1.29 on. A value that cannot be told is undefined: the flag has to be there. */
function ownFlags(component: Component, cluster: JsonObject, address: string): Map<string, string | undefined> {
  const pki = textAt(cluster, 'certificatesDir') ?? '/etc/kubernetes/pki';
  const networking = objectAt(cluster, 'networking');
  const services = textAt(networking, 'serviceSubnet');
  const pods = textAt(networking, 'podSubnet');
  const conf = (name: string): string => `/etc/kubernetes/${name}.conf`;
  const local = !isObject(objectAt(cluster, 'etcd')['external']);
  switch (component) {
    case 'kube-apiserver': return new Map<string, string | undefined>([
      ['advertise-address', address], ['allow-privileged', 'true'], ['authorization-mode', 'Node,RBAC'], ['client-ca-file', `${pki}/ca.crt`],
      ['enable-admission-plugins', 'NodeRestriction'], ['enable-bootstrap-token-auth', 'true'],
      ...(local ? [
        ['etcd-cafile', `${pki}/etcd/ca.crt`], ['etcd-certfile', `${pki}/apiserver-etcd-client.crt`], ['etcd-keyfile', `${pki}/apiserver-etcd-client.key`], ['etcd-servers', 'https://127.0.0.1:2379'],
      ] as const : []),
      ['kubelet-client-certificate', `${pki}/apiserver-kubelet-client.crt`], ['kubelet-client-key', `${pki}/apiserver-kubelet-client.key`],
      ['kubelet-preferred-address-types', 'InternalIP,ExternalIP,Hostname'],
      ['proxy-client-cert-file', `${pki}/front-proxy-client.crt`], ['proxy-client-key-file', `${pki}/front-proxy-client.key`],
      ['requestheader-allowed-names', 'front-proxy-client'], ['requestheader-client-ca-file', `${pki}/front-proxy-ca.crt`],
      ['requestheader-extra-headers-prefix', 'X-Remote-Extra-'], ['requestheader-group-headers', 'X-Remote-Group'], ['requestheader-username-headers', 'X-Remote-User'],
      ['secure-port', '6443'], ['service-account-issuer', undefined], ['service-account-key-file', `${pki}/sa.pub`], ['service-account-signing-key-file', `${pki}/sa.key`],
      ['service-cluster-ip-range', services], ['tls-cert-file', `${pki}/apiserver.crt`], ['tls-private-key-file', `${pki}/apiserver.key`],
    ]);
    case 'kube-controller-manager': return new Map<string, string | undefined>([
      ['authentication-kubeconfig', conf('controller-manager')], ['authorization-kubeconfig', conf('controller-manager')], ['bind-address', '127.0.0.1'],
      ['client-ca-file', `${pki}/ca.crt`], ['cluster-signing-cert-file', `${pki}/ca.crt`], ['cluster-signing-key-file', `${pki}/ca.key`],
      ['controllers', '*,bootstrapsigner,tokencleaner'], ['kubeconfig', conf('controller-manager')], ['leader-elect', 'true'],
      ['requestheader-client-ca-file', `${pki}/front-proxy-ca.crt`], ['root-ca-file', `${pki}/ca.crt`], ['service-account-private-key-file', `${pki}/sa.key`],
      ['use-service-account-credentials', 'true'], ...(pods ? [['allocate-node-cidrs', 'true'], ['cluster-cidr', pods]] as const : []),
      ...(services ? [['service-cluster-ip-range', services]] as const : []),
    ]);
    case 'kube-scheduler': return new Map<string, string | undefined>([
      ['authentication-kubeconfig', conf('scheduler')], ['authorization-kubeconfig', conf('scheduler')], ['bind-address', '127.0.0.1'], ['kubeconfig', conf('scheduler')], ['leader-elect', 'true'],
    ]);
    case 'etcd': return new Map();
  }
}

/** Flags that kubeadm sets in some version or for some configuration. */
const known: Record<Component, ReadonlySet<string>> = {
  'kube-apiserver': new Set(['feature-gates', 'runtime-config', 'etcd-cafile', 'etcd-certfile', 'etcd-keyfile', 'etcd-servers', 'kubelet-certificate-authority']),
  'kube-controller-manager': new Set(['cluster-name', 'feature-gates', 'node-cidr-mask-size', 'node-cidr-mask-size-ipv4', 'node-cidr-mask-size-ipv6', 'cluster-cidr', 'allocate-node-cidrs', 'cluster-signing-duration', 'port']),
  'kube-scheduler': new Set(['feature-gates', 'port']),
  etcd: new Set([
    'advertise-client-urls', 'cert-file', 'client-cert-auth', 'data-dir', 'experimental-initial-corrupt-check', 'experimental-watch-progress-notify-interval', 'feature-gates',
    'initial-advertise-peer-urls', 'initial-cluster', 'initial-cluster-state', 'key-file', 'listen-client-urls', 'listen-client-http-urls', 'listen-metrics-urls', 'listen-peer-urls', 'name', 'peer-cert-file',
    'peer-client-cert-auth', 'peer-key-file', 'peer-trusted-ca-file', 'snapshot-count', 'trusted-ca-file', 'watch-progress-notify-interval',
  ]),
};
