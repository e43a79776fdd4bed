import { parseAllDocuments, stringify } from 'yaml';
import type { JsonObject } from '../cluster';
import { ClusterError } from '../errors';
import { onlyValueOf } from '../yaml';
import { apiName, apiPort } from '../host-paths';
import { normalAddress } from '../ip-range';
import { longValidity } from './defaults';
import { keepFixed } from './fixed';
import { isObject, listAt, objectAt, textAt } from './json';
import { kubeadmApi } from './kinds';

/** The ClusterConfiguration that a running cluster keeps, as kubeadm wrote it. Throws CommandFailed for what is none. */
function read(configuration: string): JsonObject {
  const value = onlyValueOf(configuration);
  if (!isObject(value) || value['kind'] !== 'ClusterConfiguration') {
    throw new ClusterError('CommandFailed', 'the ConfigMap kubeadm-config of the cluster holds no ClusterConfiguration', { todo: 'look at it: kubectl -n kube-system get configmap kubeadm-config -o yaml' });
  }
  return value;
}

const write = (documents: readonly JsonObject[]): string => documents.map((one) => stringify(one, { lineWidth: 0, compat: 'yaml-1.1' })).join('---\n');

/** The same with more names for the API servers; undefined when it has them all. */
export function withCertSans(configuration: string, names: readonly string[]): string | undefined {
  const cluster = read(configuration);
  const apiServer = objectAt(cluster, 'apiServer');
  const before = listAt(apiServer, 'certSANs').map(String);
  const added = missingNames(names, before);
  return added.length === 0 ? undefined : write([{ ...cluster, apiServer: { ...apiServer, certSANs: [...before, ...added] } }]);
}

/**
 * kubeadm's documents for a host of a cluster that runs: what it keeps for good is taken from its configuration, and names
 * that its API servers have once been given stay. Gives them for kubeadm on the host (`all`), the ClusterConfiguration alone,
 * and the names.
 */
export function ofRunningCluster(documents: string, configuration: string, node: string): { all: string; cluster: string; names: string[] } {
  const running = read(configuration);
  const parts = parseAllDocuments(documents).map((one): unknown => one.toJS()).filter(isObject).map((one): JsonObject => {
    if (one['kind'] === 'InitConfiguration') return { ...one, nodeRegistration: { ...objectAt(one, 'nodeRegistration'), name: node } };
    return one['kind'] === 'ClusterConfiguration' ? keepFixed(one, running) : one;
  });
  const own = parts.find((one) => one['kind'] === 'ClusterConfiguration') ?? {};
  const wanted = listAt(objectAt(own, 'apiServer'), 'certSANs').map(String);
  const names = [...wanted, ...missingNames(listAt(objectAt(running, 'apiServer'), 'certSANs').map(String), wanted)];
  const cluster = { ...own, apiServer: { ...objectAt(own, 'apiServer'), certSANs: names } };
  return { all: write(parts.map((one) => (one === own ? cluster : one))), cluster: write([cluster]), names };
}

/** The names that are not among those. Addresses count by what they are, not by how they are written. */
export function missingNames(wanted: readonly string[], there: readonly string[]): string[] {
  const known = new Set(there.map(normalName));
  return wanted.filter((name) => !known.has(normalName(name)));
}

const normalName = (name: string): string => (/^[\d.]+$|:/.test(name) ? normalAddress(name) : name.toLowerCase());

/** What kubeadm needs to make certificates on one host of a running cluster; in `certificatesDir`, where that is given. */
export function hostConfiguration(configuration: string, host: { readonly address: string; readonly nodeName?: string }, certificatesDir?: string): string {
  const cluster = { ...read(configuration), ...(certificatesDir === undefined ? {} : { certificatesDir }) };
  const init: JsonObject = {
    apiVersion: textAt(cluster, 'apiVersion') ?? 'kubeadm.k8s.io/v1beta4',
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress: host.address, bindPort: apiPort },
    ...(host.nodeName ? { nodeRegistration: { name: host.nodeName } } : {}),
  };
  return write([init, cluster]);
}

/** For a cluster whose API does not answer: what renewing takes from the configuration, as the spec and our defaults have it. */
export function configurationOf(version: string, wanted: { readonly cluster?: JsonObject; readonly controlPlaneEndpoint?: string }): string {
  const api = kubeadmApi(version);
  const validity = (field: string): string => textAt(wanted.cluster, field) ?? longValidity;
  return write([{
    ...(api === 'v1beta4' ? { certificateValidityPeriod: validity('certificateValidityPeriod'), caCertificateValidityPeriod: validity('caCertificateValidityPeriod') } : {}),
    apiVersion: `kubeadm.k8s.io/${api}`,
    kind: 'ClusterConfiguration',
    kubernetesVersion: version,
    controlPlaneEndpoint: wanted.controlPlaneEndpoint ?? `${apiName}:${apiPort}`,
  }]);
}
