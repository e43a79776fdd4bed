import type { Stage } from '../stage';

/** Another Kubernetes version. No plan has such a job yet: domain/change-rules.ts refuses it. */
export const upgrade: Stage = {
  name: 'Upgrade',
  run: () => Promise.reject(new Error('there is no upgrade yet')),
};
