import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ClusterError } from '../domain/errors';
import { encryptsHistory } from '../home/history-codec';
import { ensureLocal, findLocal, type Local, type LocalProbe } from '../home/local';
import { taskQueue } from '../workflows/messages';
import { programs, readBuildInfo } from './build-info';
import { findTemporal } from './find-temporal';
import { runningOperations } from './running-operations';
import { homeProblem } from './home-problem';
import { TemporalUnavailable } from './temporal-unavailable';

/** Histories of the embedded server are kept this long; its own default is a day. */
const retentionDays = 90;

/**
 * The embedded server and Temporal worker: started where they are missing or dead (`died`: only where they have died, and were not
 * stopped), or only found. Throws TemporalUnavailable.
 */
export async function useLocal({ start, died = false, say }: { start: boolean; died?: boolean; say(line: string): void }): Promise<Local> {
  if (!start) {
    const local = findLocal();
    if (local.server) return local;
    throw new TemporalUnavailable('the embedded Temporal server does not run', { todo: '`keelson local start` starts it' });
  }
  const { version, hash } = readBuildInfo();
  try {
    return await ensureLocal({ programs, version, buildHash: hash, encrypts: encryptsHistory() }, probeWith(say), { died });
  } catch (caught) {
    const error = homeProblem(caught);
    if (error instanceof TemporalUnavailable || error instanceof ClusterError) throw error;
    throw new TemporalUnavailable(error instanceof Error ? error.message : String(error), { cause: error, todo: '`keelson local logs` shows more' });
  }
}

function probeWith(say: (line: string) => void): LocalProbe {
  return {
    say,
    findTemporal: () => findTemporal(process.env, join(programs, '..')),
    isServing: (address) => asked(address, async (connection) => {
      await connection.workflowService.updateNamespace({
        namespace: 'default',
        config: { workflowExecutionRetentionTtl: { seconds: retentionDays * 86_400 as never } },
      });
      return true;
    }, false),
    isPolling: (address, pid) => asked(address, async (connection) => {
      const { pollers } = await connection.workflowService.describeTaskQueue({ namespace: 'default', taskQueue: { name: taskQueue }, taskQueueType: 1 });
      return (pollers ?? []).some(({ identity }) => identity?.endsWith(`#${pid}`));
    }, false),
    runningOperations: (address) => asked(address, (connection) => runningOperations(new Client({ connection })), []),
  };
}

/** One short question to a server that may not be up yet; `otherwise` when it does not answer. */
async function asked<T>(address: string, question: (connection: Connection) => Promise<T>, otherwise: T): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: '2s' });
    return await connection.withDeadline(Date.now() + 2_000, () => question(connection as Connection));
  } catch {
    return otherwise;
  } finally {
    await connection?.close();
  }
}
