import type { Stage } from '../stage';

/** A person's word before an application is installed again. No plan has such a job: the plan's approvals are asked for before its first job. */
export const confirmOverrideApps: Stage = {
  name: 'ConfirmOverrideApps',
  run: () => Promise.reject(new Error('approvals are asked for before the first job')),
};
