import { isControlPlane } from '../domain/cluster';
import { configuredKubelet, keepKubeletConfigMap, kubeletFiles, kubeletSettingsBackScript, kubeletSettingsScript, uploadKubeletConfig } from '../domain/commands/kubelet-settings';
import { readUpgrade } from '../domain/commands/upgrade';
import { ClusterError } from '../domain/errors';
import { type Changing, changeSettings } from './changing-settings';
import { openImages } from './image-set';
import { initConfigOf, writeInitConfig } from './init-config';
import { defaultSteadyMs, steadyKubelet } from './steady-kubelet';
import { runStep } from './step-job';

const timeoutMs = 10 * 60_000;

/**
 * The kubelet of one host gets the settings that the Clusterfile says: into the cluster's ConfigMap, from there onto the host, and
 * the kubelet starts anew where they are others. Its pods run on meanwhile and nobody has to leave: the container runtime keeps
 * them, and the API takes a kubelet for lost only after 40 seconds.
 *
 * Done means that the Node has been Ready for a while. A kubelet that does not come up has its former settings again, and this
 * throws RolledBack; on the leader the ConfigMap comes back, too. See changeSettings for what it does about attempts and cancels.
 */
export const applyKubeletSettings = changeSettings({
  part: 'kubelet',
  files: kubeletFiles,
  bring: async (it) => {
    const { session, scope, tries, node, deps } = it;
    await configureCluster(it);
    await runStep(session, { step: `kubelet-settings-${tries}`, title: 'change the kubelet\'s settings', script: kubeletSettingsScript(node), timeoutMs, scope });
    await steadyKubelet({ ...it, host: it.input.host.id }, await versionOf(it), deps.steadyMs ?? defaultSteadyMs);
  },
  takeBack: async (it, why) => {
    const { session, scope, tries, input: { host } } = it;
    await runStep(session, { step: `kubelet-settings-back-${tries}`, title: 'bring the former settings back', script: kubeletSettingsBackScript, timeoutMs, scope });
    await steadyKubelet({ ...it, host: host.id }, await versionOf(it), 0);
    return new ClusterError('RolledBack', `${host.id} runs with its former kubelet settings again: ${why}`, {
      host: host.id, todo: `keelson cancel, then apply a Clusterfile with another KubeletConfiguration; or mend the cause on ${host.id} (journalctl -u kubelet), then retry`,
    });
  },
});

const versionOf = async ({ session }: Changing): Promise<string> => (await session.run(readUpgrade)).kubelet;

/** What kubelets are configured by, in the cluster and for those that join later. Where it is there already nothing is written. */
async function configureCluster({ deps, input: { host, leader, cluster }, scope, session, through, mark }: Changing): Promise<void> {
  const images = await openImages(deps, cluster, scope);
  if (isControlPlane(host)) await writeInitConfig(deps, session, { cluster, host, images });
  if (host.id === leader.id) await through.run(keepKubeletConfigMap);
  if (await through.run(configuredKubelet) === mark) return;
  await through.run(uploadKubeletConfig(await initConfigOf(deps, through, { cluster, host: leader, images }), mark));
}
