import { isControlPlane } from '../domain/cluster';
import {
  countTry, endUpgrade, kubeletRestoreScript, kubeletUpgradeScript, noteFailure, readUpgrade, saveBefore, type UpgradeState,
} from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { lifecycleOf } from '../domain/image-labels';
import { isOutcome } from './asked';
import { envFor } from './host-env';
import { openImages, rootfsOf } from './image-set';
import { defaultSteadyMs, steadyKubelet } from './steady-kubelet';
import { runStep } from './step-job';
import { putInService, type Upgrading } from './upgrading';

const scriptTimeoutMs = 15 * 60_000;

/**
 * The kubelet, kubectl, kubeadm and the container runtime of the new image, as one detached job between the kubelet's stop and
 * its start. Done means that the Node has been Ready at the new version for a while. A kubelet that does not come up is taken
 * back with all that came along, and this throws RolledBack.
 */
export async function upgradeKubelet(it: Upgrading): Promise<void> {
  const { input: { cluster }, scope, session, node, version } = it;
  const state = await session.run(readUpgrade);
  if (state.failed !== '') throw await takeBack(it, state, state.failed);
  await session.run(saveBefore(cluster.name));
  try {
    const { label, env, secrets } = await script(it);
    await runStep(session, {
      step: `kubelet-upgrade-${state.tries}`, title: 'upgrade the kubelet', script: kubeletUpgradeScript({ cluster: cluster.name, node, ...(label ? { label } : {}) }),
      env, secrets, timeoutMs: scriptTimeoutMs, scope,
    });
    await steadyKubelet(watched(it), version, it.deps.steadyMs ?? defaultSteadyMs);
  } catch (error) {
    if (!isOutcome(error)) throw error;
    throw await takeBack(it, state, error.message);
  }
}

/** The image's own line for the upgrade of a host, with its variables. */
async function script({ deps, input: { cluster, host }, scope }: Upgrading) {
  const images = await openImages(deps, cluster, scope);
  const { values, secrets } = envFor(deps, cluster, host, rootfsOf(images));
  return { label: lifecycleOf(images.map(({ facts, tree }) => ({ kind: facts.kind, labels: tree.config.labels })))['keelson.dev/upgrade'], env: values, secrets };
}

const watched = ({ input: { host }, scope, session, through, node }: Upgrading) => ({ host: host.id, scope, session, through, node });

/** Programs and configuration of before come back, and the kubelet with them. Gives what to throw. */
async function takeBack(it: Upgrading, { tries }: UpgradeState, why: string): Promise<ClusterError> {
  const { input: { host }, scope, session, version } = it;
  scope.log(`taken back: ${why}`);
  await session.run(noteFailure(why));
  await runStep(session, {
    step: `kubelet-restore-${tries}`, title: 'bring the old kubelet back', script: kubeletRestoreScript, timeoutMs: scriptTimeoutMs, scope,
  });
  const { kubelet } = await session.run(readUpgrade);
  await steadyKubelet(watched(it), kubelet, 0);
  await putInService(it);
  await session.run(countTry(tries));
  if (!isControlPlane(host)) await session.run(endUpgrade('the host is as it was'));
  return new ClusterError('RolledBack', `${host.id} runs ${kubelet} again, its kubelet did not come up at ${version}: ${why}`, {
    host: host.id, todo: `mend the cause on ${host.id} (journalctl -u kubelet), then retry`,
  });
}
