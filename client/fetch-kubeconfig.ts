import { type ClusterSpec, controlPlanes, type HostTarget, targetOf } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { ClusterError } from '../domain/errors';
import { rename } from './kubeconfig';
import { runProgram } from './run-program';

/** How long one control plane gets to answer, milliseconds. */
const withinMs = 30_000;

/** Reads the admin kubeconfig of one control plane, its credential sealed. Throws ClusterError. */
type ReadAdminConf = (host: HostTarget) => Promise<string>;

/**
 * The cluster's admin kubeconfig, with the address of the control plane that it was read from: the leader, or where that one does
 * not answer the first of the others that does; `say` tells of each that did not. Throws ClusterError where the cluster has no
 * control plane, and the first one's where none can be read.
 */
export async function fetchKubeconfig(
  spec: ClusterSpec, view: Pick<EntityView, 'leader' | 'hostKeys' | 'uid'>, { allowLocal, say, read = reader(view.uid, allowLocal) }: {
    allowLocal: boolean; say: (line: string) => void; read?: ReadAdminConf;
  },
): Promise<string> {
  const leads = ({ id }: { id: string }): number => Number(id === view.leader);
  const asked = [...controlPlanes(spec)].sort((a, b) => leads(b) - leads(a));
  let first: ClusterError | undefined;
  for (const host of asked) {
    try {
      const text = await read(targetOf(spec, host, view.hostKeys[host.id]));
      return rename(text, spec.name, spec.controlPlaneEndpoint ? undefined : host.address);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      first ??= error;
      if (host !== asked.at(-1)) say(`${host.id} does not give its kubeconfig, the next control plane is asked: ${error.message}`);
    }
  }
  throw first ?? new ClusterError('InvalidSpec', `cluster ${spec.name} has no control plane`);
}

const reader = (uid: string, allowLocal: boolean): ReadAdminConf => (host) => runProgram<string>('kubeconfig', { host, uid, allowLocal, withinMs });
