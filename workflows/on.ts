import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

/**
 * The verbs of the product, with all its timeouts and retries. Nested, never spread: a proxy has no own keys.
 *
 * Attempts have no limit inside scheduleToClose: a killed Temporal worker uses one up without anything having failed.
 * What a command does wrong is counted on its host (activities/job.ts) and typed (activities/failure.ts).
 */
const forever = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' } as const;

/** Only reads. */
const probe = proxyActivities<Activities>({
  startToCloseTimeout: '2m', scheduleToCloseTimeout: '10m', heartbeatTimeout: '20s', retry: forever,
});
/** Changes a host; can run twice. The heartbeat decides how soon a killed Temporal worker is noticed. */
const change = proxyActivities<Activities>({
  startToCloseTimeout: '60m', scheduleToCloseTimeout: '4h', heartbeatTimeout: '12s', retry: forever,
});
/** Moves bytes; can resume. */
const transfer = proxyActivities<Activities>({
  startToCloseTimeout: '4h', scheduleToCloseTimeout: '12h', heartbeatTimeout: '12s', retry: forever,
});

export const on = { probe, change, transfer };
export type On = typeof on;
