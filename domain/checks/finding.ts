import type { Problem } from '../problem';

/** Shapes a finding of Check; PreflightFailed unless told otherwise. */
export const finding = (severity: Problem['severity'], host: string, message: string, todo: string, type: Problem['type'] = 'PreflightFailed'): Problem =>
  ({ severity, type, host, message, todo });

/** Bytes for people, decimal as disks are sold: `12.6 GB`. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
