import { diagnosis } from '../domain/commands/init';
import { apiReady } from '../domain/commands/kubernetes';
import { kubeadmUpgradeScript, laggingPods, noteControlPlane, readUpgrade } from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { asked, isOutcome } from './asked';
import { explained } from './explained';
import { openImages } from './image-set';
import { writeInitConfig } from './init-config';
import { poll } from './poll';
import { runStep } from './step-job';
import { configured, giveBack, healthyMembers, type Upgrading } from './upgrading';

/** kubeadm waits up to five minutes for each of four static pods, and as long again when it takes one back. */
const kubeadmTimeoutMs = 45 * 60_000;

/**
 * \`kubeadm upgrade\` of a control plane's static pods as a detached job. kubeadm takes them back by itself when one does not
 * come up; then the host is as it was and this throws RolledBack. Where it could not, the host is past the point of no return:
 * the next attempt goes forward.
 */
export async function upgradeControlPlane(it: Upgrading): Promise<void> {
  const { input: { host, leader, cluster }, scope, session, through, node, version } = it;
  const state = await session.run(readUpgrade);
  if (state.controlPlane !== version) {
    try {
      await explained(session, scope, diagnosis, () => runStep(session, {
        step: `kubeadm-upgrade-${state.tries}`, title: 'kubeadm upgrade', timeoutMs: kubeadmTimeoutMs, scope,
        script: async () => kubeadmUpgradeScript({ cluster: cluster.name, version, way: (await configured(it)) === version ? 'node' : 'apply' }),
      }));
    } catch (error) {
      throw await afterFailure(it, error);
    }
  }
  await poll({ scope, host: host.id, what: `its static pods at ${version}`, everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    if (!(await session.run(apiReady))) return 'its API server is not ready';
    const lagging = await asked(() => through.run(laggingPods(node, version)));
    return typeof lagging === 'string' ? lagging : lagging.length === 0 || lagging.join(', ');
  });
  await healthyMembers(it);
  // A kubeadm of two minor versions on would refuse the old one.
  if (host.id === leader.id) await writeInitConfig(it.deps, session, { cluster, host, images: await openImages(it.deps, cluster, scope) });
  if (state.controlPlane !== version) await session.run(noteControlPlane(version));
}

/** What a failed \`kubeadm upgrade\` has left: the host as it was, or something that only goes forward. */
async function afterFailure(it: Upgrading, error: unknown): Promise<unknown> {
  const { input: { host }, scope, session, version } = it;
  if (!isOutcome(error)) return error;
  const seen = await session.run(readUpgrade).catch((also: unknown) => also as Error);
  if (seen instanceof Error) {
    if (!isOutcome(seen)) return seen;
    return new ClusterError(error.type, `${error.message}. What that has left there is not known: ${seen.message}`, {
      ...error.details, todo: `mend the cause, then retry: ${host.id} is looked at anew, and the upgrade goes on from there`,
    }, { cause: error });
  }
  const { changed, kubelet } = seen;
  const back = changed.length === 0 && await comesBack(it);
  if (!back) {
    const what = changed.length > 0 ? `${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} not as before` : 'the API does not come back';
    return new ClusterError(error.type, `${error.message}. It is past its point of no return: ${what}`, {
      ...error.details, todo: 'mend the cause, then retry: the upgrade goes on from here; the etcd snapshot of before it is on every control plane',
    }, { cause: error });
  }
  scope.log(`kubeadm has left the static pods as they were: ${error.message}`);
  await giveBack(it);
  return new ClusterError('RolledBack', `${host.id} stays at ${kubelet}, its upgrade to ${version} failed: ${error.message}`, {
    ...error.details, todo: `mend the cause on ${host.id}, then retry: nothing was changed on it`,
  }, { cause: error });
}

async function comesBack(it: Upgrading): Promise<boolean> {
  const { input: { host }, scope, session } = it;
  try {
    await poll({ scope, host: host.id, what: 'its API server', everyMs: 1_000, timeoutMs: 120_000 }, async () => (await session.run(apiReady)) || 'not ready');
    await healthyMembers(it);
    return true;
  } catch (error) {
    if (isOutcome(error)) return false;
    throw error;
  }
}
