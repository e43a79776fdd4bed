import { hostPaths } from '../host-paths';
import type { SettingsPart } from '../settings';
import type { Difference, DriftReport } from './difference';

/** Hosts on which a file of the images differs: what is known of their files is forgotten, so that the next apply compares them all. */
export function filesToForget({ cluster, differences }: DriftReport): ReadonlySet<string> {
  const below = `${hostPaths(cluster).data}/`;
  return hostsOf(differences.filter(({ kind, file }) => kind === 'file' && file?.startsWith(below)));
}

/** The part of a host whose settings a difference is about. */
const partOf: Partial<Record<Difference['kind'], SettingsPart>> = { kubelet: 'kubelet', flag: 'control-plane' };

/** Of each part the hosts whose settings differ: their marks go, so that the next apply brings the settings again. */
export const settingsToForget = ({ differences }: DriftReport): { readonly part: SettingsPart; readonly hosts: ReadonlySet<string> }[] =>
  (['kubelet', 'control-plane'] as const).map((part) => ({ part, hosts: hostsOf(differences.filter(({ kind }) => partOf[kind] === part)) }));

const hostsOf = (differences: readonly Difference[]): ReadonlySet<string> => new Set(differences.map(({ host }) => host));
