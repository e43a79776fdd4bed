import type { ClusterSpec } from '../domain/cluster';
import { checkedClusterfile } from './checked-clusterfile';
import { clusterfileSpec } from './clusterfile-spec';
import type { LoginFlags } from './login-flags';

export interface LoadOptions extends LoginFlags {
  /** Files with values for the file's templates. */
  readonly values?: readonly string[];
  /** Single values, each `a.b=c`. */
  readonly set?: readonly string[];
  /** More variables for the images, each `NAME=VALUE`. */
  readonly env?: readonly string[];
  /** The spec of the cluster as it is (`KeelsonClient.desired`): unchanged secrets keep their sealed form. */
  readonly saved?: ClusterSpec;
}

/**
 * The spec of a Clusterfile, for `KeelsonClient.apply`: defaults filled in, secrets sealed with the key of this machine.
 * Throws ClusterError InvalidSpec with all mistakes of the file.
 */
export async function loadSpec(path: string, { values = [], set = [], env = [], saved, ...login }: LoadOptions = {}): Promise<ClusterSpec> {
  const flags = { ...login, values, set, env, cmd: [], configFile: [] };
  const { documents, logins, sources } = await checkedClusterfile(path, flags);
  return clusterfileSpec(documents, { flags, logins, sources, saved });
}
