import type { Scope, Secrets } from '../../activities/ports';

/** Secrets that stand in specs as they are: what is sealed is tested elsewhere. */
export const openSecrets: Secrets = { open: (value) => value };

export const labScope = (extra: Partial<Scope> = {}): Scope => ({
  cluster: 'lab', uid: 'uid-1', n: 1, operation: 'init-1', stage: 'Check', attempt: 1,
  signal: new AbortController().signal, beat: () => undefined, log: () => undefined, ...extra,
});
