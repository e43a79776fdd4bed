import { apiName } from '../host-paths';

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
