import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { ImageTree } from '../../ports';

interface ClusterConfiguration {
  readonly kind?: string;
  readonly networking?: { readonly podSubnet?: string; readonly serviceSubnet?: string };
}

/** The networks that an image's own kubeadm defaults (etc/kubeadm.yml) set; {} when it has none or cannot be read. */
export async function kubeadmNetworks(tree: ImageTree): Promise<{ podSubnet?: string; serviceSubnet?: string }> {
  const file = tree.entries.find(({ path, kind }) => path === 'etc/kubeadm.yml' && kind === 'file');
  if (!file?.from) return {};
  for (const document of parseAllDocuments(await readFile(file.from, 'utf8'))) {
    // A broken file is reported where it is merged, with its line; here it only says nothing.
    if (!('errors' in document) || document.errors.length > 0) continue;
    const content = document.toJS() as ClusterConfiguration | null;
    if (content?.kind !== 'ClusterConfiguration' || !content.networking) continue;
    const { podSubnet, serviceSubnet } = content.networking;
    return { ...(podSubnet ? { podSubnet } : {}), ...(serviceSubnet ? { serviceSubnet } : {}) };
  }
  return {};
}
