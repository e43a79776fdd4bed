import type { ClusterSpec } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { saysLogin } from './login-flags';
import type { Login } from './logins';
import { hostsToComplete, isUntouched, mergeRun } from './merge-run';
import { thisMachine } from './own-addresses';
import { completeSpec, type SpecSources } from './spec';
import type { SpecFlags } from './spec-flags';
import type { Wanted } from './wanted';

/** What the command line says, read. */
export interface RunInput extends Pick<Wanted, 'images' | 'hosts' | 'env' | 'configs' | 'kubeadm'> {
  readonly cluster: string;
  readonly flags: SpecFlags;
  readonly login: Login;
}

/**
 * The spec that `run` asks for: from the flags alone on a first run, merged into the saved one on a cluster that is known.
 * Without hosts a new cluster has this machine as its one control plane, as in sealos.
 */
export function runSpec(input: RunInput, sources: SpecSources, known: { spec: ClusterSpec | undefined; view: EntityView | undefined }): ClusterSpec {
  const { cluster: name, images, hosts, env, configs, kubeadm, flags, login } = input;
  const wanted: Wanted = {
    name, images, hosts, env, configs, kubeadm, login,
    command: flags.cmd,
    force: flags.force ?? false,
    policy: { noWait: flags.wait === false, ...(flags.strictHostKeys ? { strictHostKeys: true } : {}) },
    ...(flags.port ? { port: flags.port } : {}),
    ...(flags.controlPlaneEndpoint ? { controlPlaneEndpoint: flags.controlPlaneEndpoint } : {}),
  };
  const { spec: saved, view } = known;
  // Of a cluster that failed its checks nothing was made: the flags describe it anew.
  if (!saved || (view !== undefined && isUntouched(view) && hosts.length > 0)) {
    return completeSpec({ ...wanted, hosts: hosts.length > 0 ? hosts : [thisMachine()] }, sources, saved?.credentials);
  }
  const relogin = saysLogin(login) || flags.port !== undefined;
  return mergeRun(saved, completeSpec({ ...wanted, hosts: hostsToComplete(saved, hosts, relogin) }, sources, saved.credentials));
}
