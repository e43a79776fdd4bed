import { createRemote } from '../activities/adapters/remote';
import type { BulkRequest, FromSender, ToSender } from '../activities/adapters/bulk/messages';
import { createSecrets } from '../activities/secrets';
import { ClusterError } from '../domain/errors';
import { outliveLostOutput } from './lost-output';

/**
 * Sends one stream of files to one host, for the Temporal worker that started it (activities/adapters/bulk/sender.ts).
 * Everything it needs comes over the IPC channel; it ends with its work, and with the one who started it.
 */
const stop = new AbortController();
const tell = (message: FromSender): void => { process.send?.(message); };

async function send({ target, scope, command, entries }: BulkRequest): Promise<void> {
  const remote = createRemote({ secrets: createSecrets() });
  try {
    const session = await remote.to(target, { ...scope, signal: stop.signal, beat: () => undefined, log: (log) => tell({ log }) });
    await session.send(command, entries, { told: (sent) => tell({ sent }) });
    tell({ done: true });
  } catch (error) {
    if (stop.signal.aborted) tell({ cancelled: true });
    else if (error instanceof ClusterError) tell({ failed: { type: error.type, message: error.message, details: error.details } });
    else tell({ failed: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) } });
  } finally {
    await remote.close();
  }
}

outliveLostOutput();
process.on('message', (message: ToSender) => {
  if ('cancel' in message) stop.abort();
  else void send(message.send).finally(() => process.disconnect());
});
// Killed or gone: what runs on the host ends with the connection, and the next attempt goes on from what it has.
process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal is for the Temporal worker, which cancels us in its own time.
process.on('SIGINT', () => undefined);
