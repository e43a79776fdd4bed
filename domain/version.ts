/** A Kubernetes version in numbers. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `rc.1` of `v1.35.0-rc.1`; empty for a release. */
  readonly pre: string;
}

/** Reads `v1.34.2`, also without the `v`; what follows a `+` does not count. Undefined for anything else. */
export function readVersion(text: string | undefined): Version | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text ?? '');
  if (!found) return undefined;
  const [, major, minor, patch, pre = ''] = found;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), pre };
}

/** Below 0 when a is older, above 0 when it is newer. A pre-release is older than its release; two of them by their text. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0 || a.pre === b.pre) return numbers;
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  return a.pre < b.pre ? -1 : 1;
}

/** So many minor versions from a to b; negative when b is older. A step of the major version counts as many. */
export const minorsBetween = (a: Version, b: Version): number => (b.major - a.major) * 1_000 + b.minor - a.minor;

/** `v1.34` of v1.34.2. */
export const minorName = ({ major, minor }: Version): string => `v${major}.${minor}`;
