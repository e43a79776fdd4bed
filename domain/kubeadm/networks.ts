import type { KubeadmDocuments } from '../cluster';
import { defaultNetworks } from './defaults';
import { objectAt, textAt } from './json';

export interface Networks {
  /** One range, or two (IPv4 and IPv6) with a comma. */
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly dnsDomain: string;
}

/** The networks a cluster gets: the Clusterfile's, else those of the image's etc/kubeadm.yml, else the built-in ones. */
export function effectiveNetworks(input: { readonly kubeadm: KubeadmDocuments; readonly image?: Partial<Networks> }): Networks {
  const user = objectAt(input.kubeadm.cluster, 'networking');
  const pick = (key: keyof Networks): string => textAt(user, key) ?? (input.image?.[key] || defaultNetworks[key]);
  return { podSubnet: pick('podSubnet'), serviceSubnet: pick('serviceSubnet'), dnsDomain: pick('dnsDomain') };
}
