import { readFile } from 'node:fs/promises';
import { isObject } from '../../../domain/kubeadm/json';
import { readYaml, valueOf, YamlFault } from '../../../domain/yaml';
import type { ImageTree } from '../../ports';

/** The networks that an image's own kubeadm defaults (etc/kubeadm.yml) set; {} when it has none or cannot be read. */
export async function kubeadmNetworks(tree: ImageTree): Promise<{ podSubnet?: string; serviceSubnet?: string }> {
  const file = tree.entries.find(({ path, kind }) => path === 'etc/kubeadm.yml' && kind === 'file');
  if (!file?.from) return {};
  try {
    for (const document of readYaml(await readFile(file.from, 'utf8'))) {
      const content = document.errors.length > 0 ? undefined : valueOf(document);
      if (!isObject(content) || content['kind'] !== 'ClusterConfiguration' || !isObject(content['networking'])) continue;
      const { podSubnet, serviceSubnet } = content['networking'];
      return { ...(isText(podSubnet) ? { podSubnet } : {}), ...(isText(serviceSubnet) ? { serviceSubnet } : {}) };
    }
  } catch (error) {
    // A broken file is reported where it is merged, with its line; here it only says nothing.
    if (!(error instanceof YamlFault)) throw error;
  }
  return {};
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
