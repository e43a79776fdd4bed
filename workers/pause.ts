import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { entityId, entityQuery } from '../workflows/messages';

/** So long is the cluster's entity asked; an attempt that gets no answer is made again. */
const answerWithinMs = 5_000;

/**
 * Attempts of activities heed a pause: what was cut off (a Temporal worker that was killed, a connection that broke) is
 * not tried again while somebody holds the cluster still. The attempt ends at once, and the workflow begins the activity
 * anew when the pause is over. First attempts were begun by the workflow, which heeds the pause itself.
 */
export const heedPause: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      const [kind, cluster] = (context.info.workflowExecution?.workflowId ?? '').split('/');
      if (context.info.attempt > 1 && kind === 'cluster' && cluster && await isPaused(context, cluster)) {
        throw ApplicationFailure.nonRetryable(`${cluster} is paused`, 'Paused');
      }
      return next(input);
    },
  },
});

async function isPaused({ client }: Parameters<ActivityInterceptorsFactory>[0], cluster: string): Promise<boolean> {
  try {
    const { paused } = await client.withDeadline(Date.now() + answerWithinMs, () => client.workflow.getHandle(entityId(cluster)).query(entityQuery));
    return paused !== undefined;
  } catch (error) {
    // A dry run has no entity; then nobody can have paused it.
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw ApplicationFailure.retryable(`nobody says whether ${cluster} is paused`, 'NotReadyYet');
  }
}
