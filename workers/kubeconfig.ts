import { createRemote } from '../activities/adapters/remote';
import { createSecrets } from '../activities/secrets';
import type { HostTarget } from '../domain/cluster';
import { readAdminConf } from '../domain/commands/kubernetes';
import { ClusterError } from '../domain/errors';
import { answer } from './answer';

interface Request {
  /** A control plane, its credential sealed. */
  readonly host: HostTarget;
  readonly uid: string;
  readonly allowLocal: boolean;
  /** How long connection and command may last together. */
  readonly withinMs: number;
}

/**
 * The program behind `keelson kubeconfig`. The file is a secret: it goes from the control plane straight to the person who asked,
 * and through no workflow, whose history would keep it.
 */
answer<Request>(async ({ host, uid, allowLocal, withinMs }) => {
  const signal = AbortSignal.timeout(withinMs);
  const remote = createRemote({ secrets: createSecrets(), allowLocal });
  try {
    const session = await remote.to(host, {
      cluster: host.cluster, uid, n: 0, operation: 'kubeconfig', stage: 'Kubeconfig', attempt: 1,
      signal, beat: () => undefined, log: () => undefined,
    });
    return await session.run(readAdminConf);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ClusterError('CommandTimedOut', `${host.id} did not give its admin kubeconfig within ${withinMs / 1000} s`, { host: host.id, todo: `look whether ${host.id} hangs` }, { cause: error });
  } finally {
    await remote.close();
  }
}).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
