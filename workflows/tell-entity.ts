import { getExternalWorkflowHandle, log, type SignalDefinition } from '@temporalio/workflow';

/** Sends a word to an entity, by its workflow id. One that is lost is no harm and no failure of who sends it: the log says so. */
export async function tellEntity<T>(workflowId: string, signal: SignalDefinition<[T]>, word: T): Promise<void> {
  await getExternalWorkflowHandle(workflowId).signal(signal, word).catch((error: unknown) => log.warn('the entity was not told', { error }));
}
