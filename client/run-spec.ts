import type { ClusterSpec } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import { readDocuments } from './read-documents';
import { parseEnv } from './env-flags';
import { hostsFrom } from './host-flags';
import type { Login } from './logins';
import { saysLogin } from './login-flags';
import { hostsToComplete, isUntouched, mergeRun } from './merge-run';
import { completeSpec, type SpecSources } from './spec';
import type { SpecFlags } from './spec-flags';
import type { Known } from './submit';
import type { Wanted } from './wanted';

/**
 * The spec that `run` asks for: from the flags alone on a first run, merged into the saved one on a cluster that is known.
 * Throws ClusterError InvalidSpec for flags that make no cluster.
 */
export async function runSpec(input: { cluster: string; images: readonly string[]; flags: SpecFlags; login: Login; sources: SpecSources; own: readonly string[]; known: Known }): Promise<ClusterSpec> {
  const { cluster, images, flags, login, sources, own, known } = input;
  const documents = await readDocuments(flags);
  const named = hostsFrom(flags);
  const wanted: Wanted = {
    name: cluster, images, login, env: parseEnv(flags.env), command: [...flags.cmd], configs: documents.configs, kubeadm: documents.kubeadm,
    hosts: named, force: flags.force ?? false,
    policy: { noWait: flags.wait === false, ...(flags.strictHostKeys ? { strictHostKeys: true } : {}) },
    ...(flags.port ? { port: flags.port } : {}),
    ...(flags.controlPlaneEndpoint ? { controlPlaneEndpoint: flags.controlPlaneEndpoint } : {}),
  };
  const { spec: saved, view } = known;
  // A cluster of which nothing was made yet is the flags' anew, but for what they leave out.
  const fresh = !saved || (view !== undefined && isUntouched(view) && named.length > 0);
  if (fresh) return completeSpec({ ...wanted, hosts: firstHosts(wanted, own) }, sources);
  const relogin = saysLogin(login) || flags.port !== undefined;
  const said = completeSpec({ ...wanted, hosts: hostsToComplete(saved, named, relogin) }, sources, saved.credentials);
  return mergeRun(saved, said);
}

/** Without hosts, this machine is the one control plane, as in sealos. */
function firstHosts({ hosts }: Wanted, own: readonly string[]): Wanted['hosts'] {
  if (hosts.length > 0) {
    if (!hosts.some(({ roles }) => roles.includes('master'))) {
      throw new ClusterError('InvalidSpec', 'a new cluster needs a control plane', { todo: 'name at least one with --masters' });
    }
    return hosts;
  }
  const address = own[0];
  if (!address) throw new ClusterError('InvalidSpec', 'no hosts were named, and this machine has no IPv4 address', { todo: 'name a control plane with --masters' });
  return [{ address, roles: ['master'], env: [] }];
}
