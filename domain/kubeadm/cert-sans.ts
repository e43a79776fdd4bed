import type { ClusterSpec } from '../cluster';
import { apiName } from '../host-paths';
import { listAt, objectAt } from './json';

/**
 * The names of the API server's certificate: this host, the cluster's name for the API, the virtual IP, every control
 * plane, the endpoint in front of them, and what the user wants. In this order, none twice.
 */
export function certSans(input: {
  readonly controlPlanes: readonly string[];
  readonly vip?: string;
  /** `host:port`. */
  readonly controlPlaneEndpoint?: string;
  readonly user: readonly string[];
}): string[] {
  const endpoint = input.controlPlaneEndpoint?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const all = ['127.0.0.1', apiName, input.vip ?? '', ...input.controlPlanes, endpoint ?? '', ...input.user];
  return [...new Set(all)].filter((name) => name !== '');
}

/** The spec that asks for more names: a control plane that joins later has them from the start. The same spec where it has them all. */
export function withCertNames(spec: ClusterSpec, names: readonly string[]): ClusterSpec {
  const { cluster = {} } = spec.kubeadm;
  const apiServer = objectAt(cluster, 'apiServer');
  const before = listAt(apiServer, 'certSANs').map(String);
  const added = names.filter((name) => !before.includes(name));
  if (added.length === 0) return spec;
  return { ...spec, kubeadm: { ...spec.kubeadm, cluster: { ...cluster, apiServer: { ...apiServer, certSANs: [...before, ...added] } } } };
}
