import { readClusterConfiguration } from '../domain/commands/certificates';
import { ofRunningCluster } from '../domain/kubeadm/running-config';
import type { Changing } from './changing-settings';
import { openImages } from './image-set';
import { initConfigOf, keepInitConfig } from './init-config';
import { poll } from './poll';

/**
 * kubeadm's documents for a control plane of the cluster that runs, and the file on the host that has them. What the cluster
 * keeps for good stays as it runs, whatever a default says.
 */
export async function runningDocuments({ deps, input: { host, leader, cluster }, scope, session, through, node }: Changing) {
  const images = await openImages(deps, cluster, scope);
  let before = '';
  await poll({ scope, host: leader.id, what: 'the cluster configuration', everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    before = await through.run(readClusterConfiguration);
    return before !== '' || 'the API does not answer';
  });
  const documents = ofRunningCluster(await initConfigOf(deps, session, { cluster, host, images }), before, node);
  return { ...documents, configPath: await keepInitConfig(session, cluster.name, documents.all) };
}
