import { isControlPlane } from '../domain/cluster';
import { readNodes } from '../domain/commands/kubernetes';
import {
  countTry, endUpgrade, kubeletCause, kubeletRestoreScript, kubeletUpgradeScript, noteFailure, readUpgrade, saveBefore, type UpgradeState,
} from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { lifecycleOf } from '../domain/image-labels';
import { envFor } from './host-env';
import { openImages, rootfsOf } from './image-set';
import { runJob } from './job';
import { jobId, maxFailures } from './lifecycle';
import { poll } from './poll';
import { asked, isOutcome, putInService, type Upgrading } from './upgrading';

/** A kubelet that was started again by systemd so often does not come up: it ends by itself each time. */
const tooManyRestarts = 4;
const defaultSteadyMs = 10_000;
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
    await runJob(session, {
      id: jobId(scope, `kubelet-upgrade-${state.tries}`), title: 'upgrade the kubelet', script: kubeletUpgradeScript({ cluster: cluster.name, node, ...(label ? { label } : {}) }),
      env, secrets, timeoutMs: scriptTimeoutMs, scope, maxFailures,
    });
    await steadyKubelet(it, version, it.deps.steadyMs ?? defaultSteadyMs);
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

/** Waits until the node has been Ready with a kubelet of this version for so long. Throws CommandFailed as soon as it ends again and again. */
async function steadyKubelet({ input: { host }, scope, session, through, node }: Upgrading, version: string, forMs: number): Promise<void> {
  let since: number | undefined;
  const look = async (): Promise<true | string> => {
    const { kubelet, kubeletActive, restarts } = await session.run(readUpgrade);
    if (kubelet !== version) throw new ClusterError('CommandFailed', `${host.id}: the kubelet's program is ${kubelet || 'not there'}, not ${version}`, { host: host.id });
    if (restarts >= tooManyRestarts) {
      throw new ClusterError('CommandFailed', `${host.id}: the kubelet of ${version} ends again and again: ${(await session.run(kubeletCause)) || 'it says nothing'}`, { host: host.id });
    }
    if (!kubeletActive || restarts > 0) since = undefined;
    if (!kubeletActive) return 'it does not run';
    const nodes = await asked(() => through.run(readNodes));
    if (typeof nodes === 'string') return nodes;
    const seen = nodes.find(({ name }) => name === node);
    if (!seen) return 'there is no Node';
    if (seen.version !== version || !seen.ready) {
      since = undefined;
      return seen.version === version ? seen.reason : `it has reported as ${seen.version}`;
    }
    since ??= Date.now();
    return Date.now() - since >= forMs || `Ready since ${Math.round((Date.now() - since) / 1000)} s`;
  };
  await poll({ scope, host: host.id, what: `a Ready kubelet of ${version}`, everyMs: 1_000, timeoutMs: 180_000 }, look);
}

/** Programs and configuration of before come back, and the kubelet with them. Gives what to throw. */
async function takeBack(it: Upgrading, { tries }: UpgradeState, why: string): Promise<ClusterError> {
  const { input: { host }, scope, session, version } = it;
  scope.log(`taken back: ${why}`);
  await session.run(noteFailure(why));
  await runJob(session, {
    id: jobId(scope, `kubelet-restore-${tries}`), title: 'bring the old kubelet back', script: kubeletRestoreScript, timeoutMs: scriptTimeoutMs, scope, maxFailures,
  });
  const { kubelet } = await session.run(readUpgrade);
  await steadyKubelet(it, kubelet, 0);
  await putInService(it);
  await session.run(countTry(tries));
  if (!isControlPlane(host)) await session.run(endUpgrade('the host is as it was'));
  return new ClusterError('RolledBack', `${host.id} runs ${kubelet} again, its kubelet did not come up at ${version}: ${why}`, {
    host: host.id, todo: `mend the cause on ${host.id} (journalctl -u kubelet), then retry`,
  });
}
