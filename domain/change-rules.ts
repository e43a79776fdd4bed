import type { ClusterRecord } from './entity';
import type { HostFacts } from './facts';
import type { ImageFacts } from './images';
import type { Problem } from './problem';

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const versionOf = (text: string): Version | undefined => {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor), patch: Number(patch) };
};

const unsafe = (where: string, message: string, todo: string): Problem[] => [{ severity: 'error', type: 'UnsafePlan', where, message, todo }];

/**
 * Whether a cluster that exists can go to the Kubernetes version of these images: never back, and one minor at a time, as
 * kubeadm's skew policy has it. This version of Keelson cannot go forward either.
 */
export function changeProblems(last: ClusterRecord, images: readonly ImageFacts[]): Problem[] {
  const before = last.images.find(({ kind }) => kind === 'rootfs');
  const after = images.find(({ kind }) => kind === 'rootfs');
  if (!last.created || !before?.version || !after?.version || before.version === after.version) return [];
  const [is, wants] = [versionOf(before.version), versionOf(after.version)];
  const runs = `the cluster runs Kubernetes ${before.version}, ${after.ref} brings ${after.version}`;
  if (!is || !wants) return unsafe(after.ref, `${runs}: these are no versions to compare`, 'name an image whose label version is vX.Y.Z');
  if (wants.major !== is.major || wants.minor < is.minor || (wants.minor === is.minor && wants.patch < is.patch)) {
    return unsafe(after.ref, `${runs}: Kubernetes cannot be taken back to an older version`, `name an image of ${before.version} or newer`);
  }
  if (wants.minor > is.minor + 1) {
    return unsafe(after.ref, `${runs}: one minor version at a time`, `upgrade to v${is.major}.${is.minor + 1} first, then go on`);
  }
  return unsafe(after.ref, `${runs}: Keelson cannot upgrade a cluster yet`, `name an image of ${before.version}, or make a new cluster with ${after.version}`);
}

/** Another machine at the address of a member: its disk and its identity are gone, so it is not the host that joined. */
export function machineProblems({ machineIds = {} }: ClusterRecord, facts: readonly HostFacts[]): Problem[] {
  return facts.flatMap(({ host, reachable, machineId }): Problem[] => {
    const before = machineIds[host];
    if (!reachable || !before || !machineId || before === machineId) return [];
    return [{
      severity: 'error', type: 'UnsafePlan', host,
      message: `another machine answers at its address: machine-id ${machineId}, the cluster knows ${before}`,
      todo: 'the former one leaves first: keelson delete it with --force; then add this one',
    }];
  });
}
