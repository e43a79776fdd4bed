import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

/**
 * The verbs of the product, with all its timeouts and retries. Nested, never spread: a proxy has no own keys.
 *
 * Attempts have no limit inside scheduleToClose: a killed Temporal worker uses one up without anything having failed.
 * What a command does wrong is counted on its host (activities/job.ts) and typed (activities/failure.ts).
 */
const forever = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' } as const;
/** A cancel counts when the host says so: Temporal's default is to go on while its processes still run there. */
const ended = { cancellationType: 'WAIT_CANCELLATION_COMPLETED' } as const;

/** Only reads. */
const probe = proxyActivities<Activities>({
  startToCloseTimeout: '2m', scheduleToCloseTimeout: '10m', heartbeatTimeout: '20s', retry: forever, ...ended,
});
/** Looks once, for a person who waits: a host that does not answer by then is said to be away. */
const glance = proxyActivities<Activities>({
  startToCloseTimeout: '8s', scheduleToCloseTimeout: '12s', heartbeatTimeout: '8s', retry: { maximumAttempts: 1 },
});
/** Leaves something behind beside the work: worth half a minute, and no operation waits longer for it. */
const keep = proxyActivities<Activities>({
  startToCloseTimeout: '15s', scheduleToCloseTimeout: '30s', heartbeatTimeout: '12s', retry: forever,
});
/** Changes a host; can run twice. The heartbeat decides how soon a killed Temporal worker is noticed. */
const change = proxyActivities<Activities>({
  startToCloseTimeout: '60m', scheduleToCloseTimeout: '4h', heartbeatTimeout: '12s', retry: forever, ...ended,
});
/** Moves bytes; can resume. */
const transfer = proxyActivities<Activities>({
  startToCloseTimeout: '4h', scheduleToCloseTimeout: '12h', heartbeatTimeout: '12s', retry: forever, ...ended,
});
/** Images that were here before, for a look that nobody waits for: should a registry be away, the look says so and ends. */
const refetch = proxyActivities<Activities>({
  startToCloseTimeout: '20m', scheduleToCloseTimeout: '30m', heartbeatTimeout: '12s', retry: { ...forever, maximumInterval: '1m' }, ...ended,
});
/** A person's command: nobody can tell whether it may run twice, so it runs once. */
const once = proxyActivities<Activities>({ startToCloseTimeout: '7d', heartbeatTimeout: '30s', retry: { maximumAttempts: 1 }, ...ended });

/** Which of them a verb hangs on says what may become of it: see above. */
export const on = { probe, glance, keep, change, transfer, refetch, once };
export type On = typeof on;
