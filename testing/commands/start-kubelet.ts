import { kubeletConfigPath } from '../../domain/drift/host-settings';
import type { Host } from '../host';

/**
 * systemd starts the kubelet anew; with a configuration or a version that does not work it ends again and again. It looks for its
 * Node then, and registers one where there is none. Says whether it runs.
 */
export function startKubelet(host: Host): boolean {
  const { files } = host;
  const version = files.text('/usr/bin/kubelet')?.trim() ?? '';
  host.stop('kubelet');
  host.kubeletRestarts = host.kubeletRefuses(files.text(kubeletConfigPath) ?? '', version) ? 9 : 0;
  if (host.kubeletRestarts > 0) return false;
  host.start('kubelet');
  register(host, version);
  return true;
}

function register(host: Host, version: string): void {
  const { kubernetes: cluster, nodeName: name } = host;
  if (cluster?.kubelets.get(name) !== host) return;
  const own = cluster.nodes.get(name);
  if (own?.silent) Object.assign(own, { silent: false, version });
  // It says nothing of a role.
  if (!own) cluster.nodes.set(name, { name, host, version, controlPlane: false, unschedulable: false });
}
