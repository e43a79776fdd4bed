import type { ClusterSpec } from '../domain/cluster';
import type { SpecFlags } from './spec-flags';

/** The Config and kubeadm documents of the --config-file flags. */
export async function readDocuments(_flags: SpecFlags): Promise<Pick<ClusterSpec, 'configs' | 'kubeadm'>> {
  return { configs: [], kubeadm: {} };
}
