import { diagnosis, initScript } from '../domain/commands/init';
import { prePull } from '../domain/commands/bootstrap';
import { apiReady } from '../domain/commands/kubernetes';
import { markDone, readMarks } from '../domain/commands/state';
import { adminConf, hostPaths } from '../domain/host-paths';
import { marks } from '../domain/marks';
import { isEmptyRecord, recordOf } from '../domain/node-changes';
import type { Deps } from './deps';
import { explained } from './explained';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { type OpenImage, openImages, rootfsOf } from './image-set';
import { imagesToPull } from './images-to-pull';
import { keepInitConfig } from './init-config';
import { initConfig } from './kubeadm';
import { nodeOf } from './node-of';
import { noteNodeSettings } from './node-settings';
import { poll } from './poll';
import { installKubeconfig } from './kubeconfig';
import type { Scope, Session } from './ports';
import { runtimeOf } from './runtime';
import { inScope } from './scope';
import { runStep } from './step-job';

/**
 * `kubeadm init` on the leader, as a detached job: it outlives the connection and this process, and is found again. Done
 * means that the API server says ready, not that kubeadm said so.
 */
export const initControlPlane = (deps: Deps) => async ({ where, host, cluster }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    if ((await session.run(readMarks)).includes(marks.init) && (await session.run(apiReady))) return;

    const images = await openImages(deps, cluster, scope);
    const { values: env } = envFor(deps, cluster, host, rootfsOf(images));
    const runtime = await runtimeOf(session, env);
    const { rootfs } = hostPaths(cluster.name);
    const configPath = await keepInitConfig(session, cluster.name, initConfig(cluster, images, runtime, host));
    const pulled = pullRest(deps, session, scope, { host, cluster, images, env });
    try {
      await explained(session, scope, diagnosis, () => runStep(session, {
        step: 'kubeadm-init', title: 'kubeadm init', script: initScript({ configPath, criSocket: runtime.criSocket, rootfs }),
        timeoutMs: 15 * 60_000, scope,
      }));
    } finally {
      await pulled;
    }
    await poll({ scope, host: host.id, what: 'a ready API server', everyMs: 300, timeoutMs: 120_000 }, async () => (await session.run(apiReady)) || 'not ready');
    await installKubeconfig(session, adminConf);
    if (!isEmptyRecord(recordOf(host))) await noteNodeSettings(session, host, await nodeOf(session, scope, host));
    for (const mark of marks.settingsOf(host, cluster.kubeadm)) await session.run(markDone(mark));
    await session.run(markDone(marks.init));
  });

/** Pulls what the first pods need while kubeadm works. Never fails: the kubelet pulls by itself what is missing. */
async function pullRest(
  deps: Deps, session: Session, scope: Scope,
  wanted: { host: HostInput['host']; cluster: HostInput['cluster']; images: readonly OpenImage[]; env: Readonly<Record<string, string>> },
): Promise<void> {
  try {
    const { then } = await imagesToPull(deps, session, wanted);
    await session.run(prePull(then));
  } catch (error) {
    scope.log(`not pulled ahead: ${error instanceof Error ? error.message : String(error)}`);
  }
}
