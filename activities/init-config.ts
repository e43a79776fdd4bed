import type { HostTarget } from '../domain/cluster';
import type { ClusterSlice } from '../domain/cluster-slice';
import { writePrivateFile } from '../domain/commands/registry';
import { hostPaths } from '../domain/host-paths';
import type { Deps } from './deps';
import { envFor } from './host-env';
import { type OpenImage, rootfsOf } from './image-set';
import { initConfig } from './kubeadm';
import type { Session } from './ports';
import { runtimeOf } from './runtime';

interface Place {
  readonly cluster: ClusterSlice;
  /** A control plane: whose documents they are. */
  readonly host: HostTarget;
  readonly images: readonly OpenImage[];
}

/** The kubeadm documents of a running control plane, as `init` would take them on it now. */
export async function initConfigOf(deps: Deps, session: Session, { cluster, host, images }: Place): Promise<string> {
  const { values: env } = envFor(deps, cluster, host, rootfsOf(images));
  return initConfig(cluster, images, await runtimeOf(session, env), host);
}

/** Leaves kubeadm documents where later joins read them on a control plane: it may lead one day, and let others in. Gives the path. */
export async function keepInitConfig(session: Session, cluster: string, documents: string): Promise<string> {
  const path = hostPaths(cluster).kubeadmInit;
  await session.run(writePrivateFile('write kubeadm-init.yaml', path, documents));
  return path;
}

/** The same with those that `init` would take on it now. */
export const writeInitConfig = async (deps: Deps, session: Session, place: Place): Promise<string> =>
  keepInitConfig(session, place.cluster.name, await initConfigOf(deps, session, place));
