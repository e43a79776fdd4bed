import { ClusterError } from '../../../domain/errors';
import type { ImageFacts } from '../../../domain/images';
import { namedFixed } from '../../../domain/kubeadm/fixed';
import { objectAt, textAt } from '../../../domain/kubeadm/json';
import { readDocuments } from '../../../domain/kubeadm/read';
import { readImageFile } from '../../image-file';
import type { ImageTree } from '../../ports';

/** What a plan needs to know of an image's own kubeadm defaults (etc/kubeadm.yml); {} when it has none or cannot be read. */
export function kubeadmDefaults(tree: ImageTree): Pick<ImageFacts, 'podSubnet' | 'serviceSubnet' | 'fixed'> {
  const text = readImageFile(tree, 'etc/kubeadm.yml');
  if (text === undefined) return {};
  try {
    const documents = readDocuments(text);
    const networking = objectAt(documents.cluster, 'networking');
    const [podSubnet, serviceSubnet] = [textAt(networking, 'podSubnet'), textAt(networking, 'serviceSubnet')];
    const fixed = namedFixed(documents);
    return { ...(podSubnet ? { podSubnet } : {}), ...(serviceSubnet ? { serviceSubnet } : {}), ...(Object.keys(fixed).length > 0 ? { fixed } : {}) };
  } catch (error) {
    // A broken file is reported where it is merged, with its line; here it only says nothing.
    if (!(error instanceof ClusterError)) throw error;
  }
  return {};
}
