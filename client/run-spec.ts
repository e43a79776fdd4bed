import type { ClusterSpec } from '../domain/cluster';
import type { EntityView } from '../domain/entity';
import { type DocumentsBeside, withNodes } from '../domain/clusterfile';
import { saysLogin } from './login-flags';
import type { Login } from './logins';
import { hostsToComplete, isUntouched, mergeRun } from './merge-run';
import { thisMachine } from './own-addresses';
import { completeSpec, type SpecSources } from './spec';
import type { SpecFlags } from './spec-flags';
import type { Wanted } from './wanted';

/** What the command line says, read. */
export interface RunInput extends Pick<Wanted, 'images' | 'hosts' | 'env'> {
  readonly cluster: string;
  /** Those of --config-file; flags count before them. */
  readonly documents: DocumentsBeside;
  readonly flags: SpecFlags;
  readonly login: Login;
}

/**
 * The spec that `run` asks for: from the flags alone on a first run, merged into the saved one on a cluster that is known.
 * Without hosts a new cluster has this machine as its one control plane, as in sealos.
 */
export function runSpec(input: RunInput, sources: SpecSources, known: { spec: ClusterSpec | undefined; view: EntityView | undefined }): ClusterSpec {
  const { cluster: name, images, hosts, env, documents: { nodes, ...documents }, flags, login } = input;
  const policy = { ...documents.policy, ...(flags.wait === false ? { noWait: true } : {}), ...(flags.strictHostKeys ? { strictHostKeys: true } : {}) };
  const wanted: Wanted = {
    ...documents, name, images, hosts, env, login, policy,
    command: flags.cmd,
    force: flags.force ?? false,
    ...(flags.port ? { port: flags.port } : {}),
    ...(flags.controlPlaneEndpoint ? { controlPlaneEndpoint: flags.controlPlaneEndpoint } : {}),
  };
  const { spec: saved, view } = known;
  // Of a cluster that failed its checks nothing was made: the flags describe it anew.
  if (!saved || (view !== undefined && isUntouched(view) && hosts.length > 0)) {
    return completeSpec({ ...wanted, hosts: withNodes(hosts.length > 0 ? hosts : [thisMachine()], nodes) }, sources, saved?.credentials);
  }
  const relogin = saysLogin(login) || flags.port !== undefined;
  const merged = mergeRun(saved, completeSpec({ ...wanted, hosts: hostsToComplete(saved, hosts, relogin) }, sources, saved.credentials), policy);
  return { ...merged, hosts: withNodes(merged.hosts, nodes) };
}
