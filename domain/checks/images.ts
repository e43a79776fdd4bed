import type { ImageFacts } from '../images';
import type { Problem } from '../problem';

/** Contract versions of cluster images that are understood (cluster-image contract since sealos 4.2.0). */
const knownContracts: readonly string[] = ['v1beta1', 'v1beta2'];
const kubeadmWords: readonly (string | undefined)[] = [undefined, '', 'kubeadm', 'kubernetes'];

/** What is wrong with the set of images. `complete`: none is missing from the list. */
export function imageProblems(images: readonly ImageFacts[], complete: boolean): Problem[] {
  const rootfs = images.filter(({ kind }) => kind === 'rootfs');
  return [...countProblems(rootfs, images, complete), ...rootfs.flatMap(rootfsProblems)];
}

function countProblems(rootfs: readonly ImageFacts[], images: readonly ImageFacts[], complete: boolean): Problem[] {
  if (rootfs.length === 0 && complete) {
    const named = images.length > 0 ? `: ${images.map(({ ref, kind }) => `${ref} is of type ${kind}`).join(', ')}` : '';
    return [wrong('images', `no image of type rootfs brings Kubernetes${named}`, 'name a rootfs image first, such as kubernetes:v1.34.2')];
  }
  if (rootfs.length > 1) {
    return [wrong('images', `${rootfs.length} images of type rootfs: ${rootfs.map(({ ref }) => ref).join(', ')}; a cluster has one Kubernetes`, 'leave one of them')];
  }
  return [];
}

function rootfsProblems({ ref, version, contract, distribution }: ImageFacts): Problem[] {
  const problems: Problem[] = [];
  if (!version) problems.push(wrong(ref, 'the rootfs image has no label version', 'build it with LABEL version=vX.Y.Z'));
  if (contract === undefined) {
    // The first generation starts its registry as a container, after the hosts' init scripts: another order of all stages.
    problems.push(wrong(ref, 'the rootfs image names no contract version: it was made for sealos 4.1, whose order of steps is not supported yet', 'use an image with the label sealos.io.version=v1beta1, as all since sealos 4.2.0 have'));
  } else if (!knownContracts.includes(contract)) {
    problems.push(wrong(ref, `the rootfs image keeps the contract ${contract}, known are v1beta1 and v1beta2`, 'use an image made for one of these, or a newer Keelson'));
  }
  if (!kubeadmWords.includes(distribution)) {
    problems.push(wrong(ref, `the distribution ${distribution ?? ''} is not supported yet, only kubeadm is`, 'use an image whose label sealos.io.distribution is kubeadm or absent'));
  }
  return problems;
}

const wrong = (where: string, message: string, todo: string): Problem => ({ severity: 'error', type: 'InvalidImage', where, message, todo });
