import {
  bringBackClusterConfiguration, controlPlaneFiles, controlPlaneSettingsBackScript, controlPlaneSettingsScript, keepClusterConfiguration, unreadyPods,
} from '../domain/commands/control-plane-settings';
import { uploadClusterConfiguration } from '../domain/commands/certificates';
import { apiReady } from '../domain/commands/kubernetes';
import { ClusterError } from '../domain/errors';
import { asked } from './asked';
import { showNames } from './certificates';
import { type Changing, changeSettings } from './changing-settings';
import { poll } from './poll';
import { runningDocuments } from './running-documents';
import { runStep } from './step-job';
import { healthyMembers } from './upgrading';

/** Up to five minutes for each of four static pods. */
const timeoutMs = 25 * 60_000;

/**
 * The static pods of one control plane get the settings that the Clusterfile says: kubeadm's configuration in the cluster
 * first, on the leader, then the manifests of this host, one after another, and names that its certificate lacks. One control
 * plane at a time, in a cluster whose etcd is whole.
 *
 * Done means that every static pod runs with its new manifest and is Ready, and etcd's members answer. What does not come up
 * has its former manifests again, and this throws RolledBack with its last words; on the leader the configuration in the
 * cluster comes back, too. See changeSettings for what it does about attempts and cancels.
 */
export const applyControlPlaneSettings = changeSettings({
  part: 'control-plane',
  files: controlPlaneFiles,
  bring: async (it) => {
    const { session, scope, tries, node, input: { host, leader } } = it;
    await healthyMembers(it);
    const { configPath, cluster, names } = await runningDocuments(it);
    if (host.id === leader.id) {
      await session.run(keepClusterConfiguration);
      await session.run(uploadClusterConfiguration(cluster));
    }
    await runStep(session, {
      step: `control-plane-settings-${tries}`, title: "change the control plane's settings", script: controlPlaneSettingsScript({ node, configPath }), timeoutMs, scope,
    });
    await showNames(session, scope, { host, names, configuration: cluster });
    await running(it);
  },
  takeBack: async (it, why) => {
    const { session, scope, tries, input: { host } } = it;
    await runStep(session, { step: `control-plane-settings-back-${tries}`, title: 'bring the former settings back', script: controlPlaneSettingsBackScript, timeoutMs, scope });
    await running(it);
    await session.run(bringBackClusterConfiguration);
    return new ClusterError('RolledBack', `${host.id} runs with the former settings of its control plane again: ${why}`, {
      host: host.id, todo: `keelson cancel, then apply a Clusterfile with another ClusterConfiguration; or mend the cause on ${host.id}, then retry`,
    });
  },
});

/** Waits until the host's static pods are Ready, its API server answers, and so does every member of etcd. */
async function running(it: Changing): Promise<void> {
  const { input: { host }, scope, session, node } = it;
  await poll({ scope, host: host.id, what: 'its control plane', everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    if (!(await session.run(apiReady))) return 'its API server is not ready';
    return (await asked(() => session.run(unreadyPods(node)))) || true;
  });
  await healthyMembers(it);
}
