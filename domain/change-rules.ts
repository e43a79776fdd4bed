import type { ClusterRecord } from './entity';
import type { ImageFacts } from './images';
import type { Problem } from './problem';

/**
 * What this version of Keelson cannot do to a cluster that exists: another Kubernetes version needs an upgrade, host by
 * host, with a drain; new files alone would leave kubelets and control plane apart.
 */
export function changeProblems(last: ClusterRecord, images: readonly ImageFacts[]): Problem[] {
  const before = last.images.find(({ kind }) => kind === 'rootfs');
  const after = images.find(({ kind }) => kind === 'rootfs');
  if (!last.created || !before?.version || !after?.version || before.version === after.version) return [];
  return [{
    severity: 'error', type: 'UnsafePlan', where: after.ref,
    message: `the cluster runs Kubernetes ${before.version}, ${after.ref} brings ${after.version}: Keelson cannot upgrade a cluster yet`,
    todo: `name an image of ${before.version}, or make a new cluster with ${after.version}`,
  }];
}
