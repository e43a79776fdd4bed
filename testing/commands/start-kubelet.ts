import { kubeletConfigPath } from '../../domain/drift/host-settings';
import type { Host } from '../host';

/** systemd starts the kubelet anew; with a configuration or a version that does not work it ends again and again. Says whether it runs. */
export function startKubelet(host: Host): boolean {
  const { files } = host;
  host.stop('kubelet');
  host.kubeletRestarts = host.kubeletRefuses(files.text(kubeletConfigPath) ?? '', files.text('/usr/bin/kubelet')?.trim() ?? '') ? 9 : 0;
  if (host.kubeletRestarts === 0) host.start('kubelet');
  return host.kubeletRestarts === 0;
}
