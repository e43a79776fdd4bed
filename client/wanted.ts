import type { ClusterSpec, EnvEntry, Policy } from '../domain/cluster';
import type { NodeSettings } from '../domain/node-settings';
import type { Login } from './logins';

/**
 * What a person wants, from a Clusterfile or from flags, secrets still in clear. It lives in this process's memory only:
 * client/spec.ts makes a ClusterSpec of it.
 */
export interface Wanted extends Pick<ClusterSpec, 'name' | 'images' | 'command' | 'configs' | 'kubeadm' | 'force'> {
  readonly hosts: readonly WantedHost[];
  /** For hosts without a login of their own. */
  readonly login: Login;
  /** For hosts without a port of their own; ~/.ssh/config and 22 otherwise. */
  readonly port?: number;
  readonly env: readonly EnvEntry[];
  readonly policy: Partial<Policy>;
  readonly controlPlaneEndpoint?: string;
}

export interface WantedHost extends NodeSettings {
  readonly address: string;
  readonly port?: number;
  readonly roles: readonly string[];
  readonly login?: Login;
  /** Id of a credential that the saved spec has already; no login is needed then. */
  readonly credential?: string;
  readonly env: readonly EnvEntry[];
  readonly hostKeys?: readonly string[];
}
