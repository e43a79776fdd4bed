import { forgetHost, type FilesOf, removeFiles } from '../../domain/commands/reset/files';
import { cleanFirewall } from '../../domain/commands/reset/firewall';
import { lookForLeftovers } from '../../domain/commands/reset/look';
import { readRoutes, removeInterfaces } from '../../domain/commands/reset/network';
import { folders } from '../../domain/commands/reset/parts';
import { readPodNetworks } from '../../domain/commands/reset/pod-networks';
import { kubeadmReset as kubeadmResetCommand, stopKubelet, stopPods } from '../../domain/commands/reset/stop';
import { hostPaths, stateDir } from '../../domain/host-paths';
import type { Host } from '../host';
import { exactly, like, oneOf, type Reader } from '../pattern';
import { lines, type Simulation } from '../simulation';
import { isNode, kubeadmReset } from './kubeadm';

/** Scripts that depend on whether the host is a control plane, which they do not say in a word of its own. */
const ofEitherRole = (script: (of: FilesOf) => string, ...samples: readonly string[]): Reader => oneOf(...[true, false].map((controlPlane) => like(
  (cluster, registryData, uid = '') => script({ cluster: cluster!, uid, registryData: registryData!, controlPlane }), ...samples)));

const foldersOf = (cluster: string): string[] => [...folders, '/var/lib/etcd', hostPaths(cluster).data];

function leftovers({ files }: Host, cluster: string): string[] {
  return foldersOf(cluster).filter((folder) => files.has(folder)).map((folder) => `path ${folder}`);
}

/** The commands of a reset. */
export const reset: readonly Simulation[] = [
  { name: 'stop the kubelet', reads: like((uid) => stopKubelet(uid!).script, 'sampleid'), act: (host) => { host.stop('kubelet'); host.stop('keelson-api-bridge'); host.files.remove('/root/.kube'); return undefined; } },
  ...[true, false].map((leavesEtcd): Simulation => ({
    name: 'kubeadm reset', reads: exactly(kubeadmResetCommand(leavesEtcd).script),
    act: (host, { speaker }) => {
      if (!host.files.has('/usr/bin/kubeadm')) return undefined;
      // Run again on a host that is no node any more it finds nothing to do.
      if (isNode(host)) host.did('kubeadm reset', [], speaker);
      kubeadmReset(host, leavesEtcd);
      return undefined;
    },
  })),
  { name: 'end the containers of pods', reads: exactly(stopPods.script), act: (host) => host.stop('kubelet') },
  { name: 'clean the packet filters', reads: like((rootfs, ip) => cleanFirewall(rootfs!, ip!).script, '/sample/rootfs', '192.0.2.77'), act: () => undefined },
  { name: 'remove the interfaces of pods', reads: exactly(removeInterfaces.script), act: () => undefined },
  { name: 'read the routes', reads: exactly(readRoutes.script), act: () => lines(['192.0.2.0/24 dev eth0']) },
  { name: 'read the network of pods', reads: like((cluster) => readPodNetworks(cluster!).script, 'sample-cluster'), act: () => undefined },
  {
    name: 'remove the files of the cluster', reads: ofEitherRole((of) => removeFiles(of).script, 'sample-cluster', '/sample/registry', 'sample-u'),
    act: ({ files }, { args: [cluster = '', registryData = ''] }) => {
      for (const folder of foldersOf(cluster)) files.remove(folder);
      if (files.get(registryData)?.kind === 'link') files.remove(registryData);
      return undefined;
    },
  },
  {
    name: 'look what is left',
    // Whose the host is does not stand in this one.
    reads: ofEitherRole((of) => lookForLeftovers(of).script, 'sample-cluster', '/sample/registry'),
    act: (host, { args: [cluster = ''] }) => lines(leftovers(host, cluster)),
  },
  {
    name: 'give the host free', reads: exactly(forgetHost.script),
    act: (host) => {
      host.files.remove(stateDir);
      host.jobs.splice(0);
      return undefined;
    },
  },
];
