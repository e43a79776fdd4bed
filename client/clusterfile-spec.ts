import type { ClusterSpec } from '../domain/cluster';
import { ClusterError } from '../domain/errors';
import type { Login } from './logins';
import type { SpecSources } from './spec';
import type { SpecFlags } from './spec-flags';
import type { Known } from './submit';

export interface Documents { readonly name: string }

export async function readClusterfile(_path: string, _flags: SpecFlags): Promise<Documents> {
  throw new ClusterError('InvalidSpec', 'not there yet');
}
export function clusterfileSpec(_input: { documents: Documents; flags: SpecFlags; login: Login; sources: SpecSources; own: readonly string[]; known: Known }): ClusterSpec {
  throw new ClusterError('InvalidSpec', 'not there yet');
}
