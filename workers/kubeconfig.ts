import { createRemote } from '../activities/adapters/remote';
import { createSecrets } from '../activities/secrets';
import type { HostTarget } from '../domain/cluster';
import { readAdminKubeconfig } from '../domain/commands/read-kubeconfig';
import { answer } from './answer';

interface Request {
  /** The leader, its credential sealed. */
  readonly host: HostTarget;
  readonly uid: string;
  readonly allowLocal: boolean;
}

/**
 * The program behind `keelson kubeconfig`. The file is a secret: it goes from the leader straight to the person who asked,
 * and through no workflow, whose history would keep it.
 */
answer<Request>(async ({ host, uid, allowLocal }) => {
  const remote = createRemote({ secrets: createSecrets(), allowLocal });
  try {
    const session = await remote.to(host, {
      cluster: host.cluster, uid, n: 0, operation: 'kubeconfig', stage: 'Kubeconfig', attempt: 1,
      signal: AbortSignal.timeout(30_000), beat: () => undefined, log: () => undefined,
    });
    return await session.run(readAdminKubeconfig());
  } finally {
    await remote.close();
  }
}).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
