import type { ClusterSpec } from './cluster';

/** What a spec says for the one operation that it is applied by, and for none after it. */
export interface ForOnce {
  /** Run the commands of images again although they ran. */
  readonly force?: boolean;
  /** A failed stage ends the operation instead of waiting for a person. */
  readonly noWait?: boolean;
}

/** Only what is said, so that it can be spread. */
export const forOnceOf = ({ force, policy: { noWait } }: Pick<ClusterSpec, 'force' | 'policy'>): ForOnce =>
  ({ ...(force ? { force } : {}), ...(noWait ? { noWait } : {}) });

/**
 * What stays wanted when that operation has ended. Kept with the rest, a --force would run commands again weeks later: at an
 * amendment of a password, or whenever drift is mended.
 */
export const lasting = (spec: ClusterSpec): ClusterSpec => {
  const { force, noWait } = forOnceOf(spec);
  return force || noWait ? { ...spec, force: false, policy: { ...spec.policy, noWait: false } } : spec;
};
