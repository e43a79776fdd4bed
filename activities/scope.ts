import { Context } from '@temporalio/activity';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import type { Scope } from './ports';

/** How often an activity tells Temporal that it lives. Well below the shortest heartbeat timeout (12 s). */
const beatEveryMs = 2_500;

/**
 * Runs an activity's work with a scope: who speaks, how to stop, where output goes. Beats by itself while the work lasts,
 * so that a command that is silent for minutes is not taken for a dead Temporal worker.
 */
export async function inScope<T>(deps: Deps, where: Where, host: string, work: (scope: Scope) => Promise<T>): Promise<T> {
  const context = Context.current();
  const { attempt } = context.info;
  let detail = '';
  const scope: Scope = {
    ...where,
    attempt,
    step: context.info.activityId,
    order: context.info.currentAttemptScheduledTimestampMs,
    signal: context.cancellationSignal,
    beat: (next) => { detail = next ?? detail; },
    log: (line) => deps.log({ cluster: where.cluster, operation: where.operation, stage: where.stage, host, attempt }, line),
  };
  const timer = setInterval(() => context.heartbeat(detail), beatEveryMs);
  try {
    return await work(scope);
  } finally {
    clearInterval(timer);
  }
}
