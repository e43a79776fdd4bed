import type { HostTarget } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { readRuntime } from '../domain/commands/bootstrap';
import { writePrivateFile } from '../domain/commands/registry';
import { hostPaths } from '../domain/host-paths';
import type { Deps } from './deps';
import { envFor } from './host-env';
import { type OpenImage, rootfsOf } from './image-set';
import { initConfig } from './kubeadm';
import type { Session } from './ports';

interface Place {
  readonly cluster: ClusterSlice;
  /** A control plane: whose documents they are. */
  readonly host: HostTarget;
  readonly images: readonly OpenImage[];
}

/** The kubeadm documents of a running control plane, as `init` would take them on it now. */
export async function initConfigOf(deps: Deps, session: Session, { cluster, host, images }: Place): Promise<string> {
  const { values: env } = envFor(deps, cluster, host, rootfsOf(images));
  return initConfig(cluster, images, await session.run(readRuntime(env['SEALOS_SYS_CRI_ENDPOINT'] ?? '')), host);
}

/** What later joins read on a control plane: it may lead one day, and let others in. */
export async function writeInitConfig(deps: Deps, session: Session, place: Place): Promise<void> {
  await session.run(writePrivateFile('write kubeadm-init.yaml', `${hostPaths(place.cluster.name).etc}/kubeadm-init.yaml`, await initConfigOf(deps, session, place)));
}
